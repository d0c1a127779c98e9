// What a transcript cannot say: other sessions at the same time, ends of conversations, limits.
#include "imapd/session.h"

#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "imapd/line_ends.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

constexpr const char* select = "s SELECT INBOX\r\n";

std::string behind(const std::string& output, std::string_view mark) {
  const auto at = output.find(mark);
  return at == std::string::npos ? "no " + std::string(mark) + " in " + output
                                 : output.substr(at + mark.size());
}

std::string after_select(const std::string& output) {
  return behind(output, "s OK [READ-WRITE] Selected\r\n");
}

// Selects INBOX, does `meanwhile` when the client's input has come to its end, and goes on with `then`.
std::string with_another(Service& service, const std::string& first, const std::function<void()>& meanwhile,
                         const std::string& then) {
  MemoryStream stream(select + first);
  bool done = false;
  stream.on_wait = [&](MemoryStream& waiting) {
    if (std::exchange(done, true)) return;
    meanwhile();
    waiting.add_input(then);
  };
  service.serve(stream, Service::bobs());
  return after_select(stream.output);
}

// The literal of a command that is refused comes all the same; "x CREATE evil" is what it says.
void expect_not_obeyed(Service& service, const std::string& before, const std::string& refused) {
  const auto output = service.talk(before + refused + " {15+}\r\nx CREATE evil\r\n\r\nn NOOP\r\n");
  EXPECT_EQ(("\n" + output).find("\nx "), std::string::npos) << refused.substr(0, 100) << '\n' << output;
  EXPECT_NE(output.find("n OK Done\r\n"), std::string::npos) << output;
}

TEST(ImapSession, DoesNotObeyWhatAMessageSaysThatItRefuses) {
  Service service;
  service.deliver("a", "y\r\n");
  for (const std::string refused :
       {"r REPLACE 1 INBOX", "r UID REPLACE 1 INBOX", "r UID APPEND INBOX", "r APPEND IN\"BOX",
        "r APPEND INBOX~", "r APPEND Nowhere", "r APPEND INBOX (\\Foo)", "r APPEND INBOX UTF8 (",
        "r APPEND INBOX CATENATE (URL \"x\" TEXT", "r APPEND INBOX {3+}\r\nabc (\\Foo)", "r NONSENSE",
        "NONSENSE"})
    expect_not_obeyed(service, "", refused);
  expect_not_obeyed(service, "u ENABLE UIDONLY\r\ns SELECT INBOX\r\n", "r REPLACE 1 INBOX");
  expect_not_obeyed(service, "s EXAMINE INBOX\r\n", "r REPLACE 1 INBOX");
}

TEST(ImapSession, DoesNotObeyWhatStandsBehindALineThatIsTooLong) {
  Service service;
  expect_not_obeyed(service, "", "r APPEND " + std::string(line_max, 'a'));
  expect_not_obeyed(service, "", "r APPEND INBOX {3+}\r\nabc " + std::string(line_max, 'a'));
  expect_not_obeyed(service, "",
                    "r SEARCH TEXT {" + std::to_string(literal_max + 1) + "+}\r\n" +
                        std::string(literal_max + 1, 'a') + " TEXT");
}

TEST(ImapSession, DoesNotObeyWhatStandsBehindALineThatIsNotDone) {
  Service service;
  for (const std::string before : {"", "DONE", "x"}) expect_not_obeyed(service, "i IDLE\r\n", before);
  expect_not_obeyed(service, "i IDLE\r\n", std::string(2000, 'x'));
}

TEST(ImapSession, DoesNotObeyWhatStandsBehindAnAnswerThatIsNoBase64) {
  Service service;
  for (const std::string& before : {std::string(), std::string("*"), std::string(20'000, 'x')})
    EXPECT_EQ(service.talk("a AUTHENTICATE PLAIN\r\n" + before + " {15+}\r\nx CREATE evil\r\n\r\nn NOOP\r\n",
                           Service::stranger()),
              "+ \r\na BAD Authentication cancelled, or not base64\r\nn OK Done\r\n");
}

TEST(ImapSession, DoesNotObeyAMessageBeforeLogin) {
  Service service;
  const auto output =
      service.talk("r APPEND INBOX {15+}\r\nx CREATE evil\r\n\r\nn NOOP\r\n", Service::stranger());
  EXPECT_EQ(output, "r BAD Log in first\r\nn OK Done\r\n");
}

TEST(ImapSession, TellsTheModSequenceOfTheMessagesItTellsOf) {
  Service service;
  for (const auto* name : {"a", "b", "c"}) service.deliver(name, "x\r\n");
  const auto output = after_select(service.talk(
      std::string(select) +
      "e ENABLE CONDSTORE\r\ns STORE 2 +FLAGS.SILENT (\\Seen)\r\na SEARCH RETURN (MIN) MODSEQ 1\r\n"
      "b SEARCH RETURN (MIN MAX) MODSEQ 1\r\nc SEARCH RETURN (MIN COUNT) MODSEQ 1\r\n"
      "d SEARCH RETURN (PARTIAL 2:2) MODSEQ 1\r\nf SORT (ARRIVAL) UTF-8 MODSEQ 1\r\n"
      "g SORT (ARRIVAL) UTF-8 NOT MODSEQ 1\r\nh ESEARCH IN (selected) RETURN (MAX) MODSEQ 1\r\n"));
  for (const auto* told :
       {"(TAG \"a\") MIN 1 MODSEQ 2\r\n", "(TAG \"b\") MIN 1 MAX 3 MODSEQ 4\r\n",
        "(TAG \"c\") MIN 1 COUNT 3 MODSEQ 5\r\n", "(TAG \"d\") PARTIAL (2:2 2) MODSEQ 5\r\n",
        "* SORT 1 2 3 (MODSEQ 5)\r\n", "* SORT\r\n", ") UID MAX 3 MODSEQ 4\r\n"})
    EXPECT_NE(output.find(told), std::string::npos) << told << output;
}

TEST(ImapLineEnds, AreTheSameHoweverTheMessageIsCut) {
  Service service;
  const std::string sent = "a\r\nb\n\nc\r\r\n\rd\n\r", kept = "a\r\nb\r\n\r\nc\r\r\n\rd\r\n\r";
  for (std::size_t cut = 1; cut <= sent.size(); ++cut) {
    auto body = service.store->new_body();
    LineEnds text(body);
    for (std::size_t at = 0; at < sent.size(); at += cut)
      ASSERT_TRUE(text.write(sent.substr(at, cut)).has_value());
    ASSERT_TRUE(body.finish().has_value());
    EXPECT_EQ(body.bytes(), kept) << cut;
  }
}

TEST(ImapSession, HearsOfNewMailAtItsNextCommand) {
  Service service;
  EXPECT_EQ(with_another(
                service, "", [&] { service.deliver("a", "x\r\n"); }, "n NOOP\r\n"),
            "* 1 EXISTS\r\nn OK Done\r\n");
}

TEST(ImapSession, HearsOfFlagsThatOthersSet) {
  Service service;
  service.deliver("a", "x\r\n");
  const auto other = [&] { service.talk(std::string(select) + "o STORE 1 +FLAGS.SILENT (\\Flagged)\r\n"); };
  EXPECT_EQ(with_another(service, "", other, "n NOOP\r\n"),
            "* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\nn OK Done\r\n");
}

TEST(ImapSession, IsNotToldWhatItHasDoneItself) {
  Service service;
  service.deliver("a", "x\r\n");
  EXPECT_EQ(
      after_select(service.talk(std::string(select) + "a STORE 1 +FLAGS.SILENT (\\Flagged)\r\nn NOOP\r\n")),
      "a OK Stored\r\nn OK Done\r\n");
}

TEST(ImapSession, KeepsItsNumbersUntilItMayHearOfExpunges) {
  Service service;
  for (const auto* name : {"a", "b", "c"}) service.deliver(name, "x\r\n");
  const auto other = [&] {
    service.talk(std::string(select) + "o STORE 1 +FLAGS.SILENT (\\Deleted)\r\np EXPUNGE\r\n");
  };
  EXPECT_EQ(
      with_another(service, "", other, "f FETCH 2:3 UID\r\ng FETCH 1 UID\r\nn NOOP\r\nh FETCH 1 UID\r\n"),
      "* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\nf OK That is all\r\n"
      "g NO [EXPUNGEISSUED] Some of them have been expunged\r\n"
      "* 1 EXPUNGE\r\nn OK Done\r\n* 1 FETCH (UID 2)\r\nh OK That is all\r\n");
}

TEST(ImapSession, FetchesByUidWhatIsLeftAndCallsThatNoFailure) {
  Service service;
  for (const auto* name : {"a", "b"}) service.deliver(name, "x\r\n");
  const auto other = [&] {
    service.talk(std::string(select) + "o STORE 1 +FLAGS.SILENT (\\Deleted)\r\np EXPUNGE\r\n");
  };
  EXPECT_EQ(with_another(service, "", other, "f UID FETCH 1:* UID\r\n"),
            "* 2 FETCH (UID 2)\r\n* 1 EXPUNGE\r\nf OK That is all\r\n");
}

// While it lives no file can be written, as on a full disk.
class NoRoom {
public:
  NoRoom() : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit none{0, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;
  ~NoRoom() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

private:
  sighandler_t old_handler_;
  rlimit old_{};
};

TEST(ImapSession, ReadsAndSearchesWhereNothingCanBeKept) {
  Service service;
  service.deliver("a", "Subject: s\r\n\r\nx\r\n");
  std::optional<NoRoom> no_room;
  const auto output = with_another(
      service, "", [&] { no_room.emplace(); },
      "f FETCH 1 (FLAGS BODY[TEXT])\r\ng FETCH 1 PREVIEW\r\nh SEARCH TEXT x\r\ni SORT (SUBJECT) UTF-8 ALL\r\n"
      "j STORE 1 +FLAGS (\\Seen)\r\n");
  no_room.reset();
  EXPECT_EQ(output,
            "* 1 FETCH (FLAGS () BODY[TEXT] {3}\r\nx\r\n)\r\nf OK That is all\r\n"
            "* 1 FETCH (PREVIEW \"x\")\r\ng OK That is all\r\n* SEARCH 1\r\nh OK That is all\r\n"
            "* SORT 1\r\ni OK That is all\r\n"
            "j NO [UNAVAILABLE] The mail store does not answer now, try again later\r\n");
}

TEST(ImapSession, ExpungesFromTheLastToTheFirst) {
  Service service;
  for (const auto* name : {"a", "b", "c", "d"}) service.deliver(name, "x\r\n");
  EXPECT_EQ(after_select(service.talk(std::string(select) +
                                      "a STORE 1,3:4 +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\n")),
            "a OK Stored\r\n* 4 EXPUNGE\r\n* 3 EXPUNGE\r\n* 1 EXPUNGE\r\ne OK Expunged\r\n");
}

TEST(ImapSession, SeesADeliveryWhileItIdles) {
  Service service;
  auto [here, there] = test_support::make_pipe_streams();
  std::thread session([&service, stream = std::move(there)]() mutable {
    service.serve(*stream, Service::bobs());
    stream.reset();
  });
  here->set_time_limit(std::chrono::seconds(30));
  net::LineStream lines(*here);
  const auto skip_to = [&](std::string_view wanted) {
    for (;;)
      if (lines.read_line(2000).text.starts_with(wanted)) return;
  };
  lines << select << "i IDLE\r\n";
  skip_to("+ Idling");
  service.deliver("a", "x\r\n");
  EXPECT_EQ(lines.read_line(2000).text, "* 1 EXISTS");
  lines << "DONE\r\n";
  EXPECT_EQ(lines.read_line(2000).text, "i OK No longer idle");
  here.reset();
  session.join();
}

TEST(ImapSession, SaysGoodbyeWhenTheServiceStopsOrNothingComes) {
  Service service;
  MemoryStream stopping("", MemoryStream::AtEnd::shutting_down), silent("", MemoryStream::AtEnd::timed_out);
  service.serve(stopping, Service::bobs());
  EXPECT_EQ(behind(stopping.output, "\r\n"), "* BYE [UNAVAILABLE] Shutting down, come back in a moment\r\n");
  service.serve(silent, Service::bobs());
  EXPECT_EQ(behind(silent.output, "\r\n"), "* BYE Nothing has come for too long\r\n");
  EXPECT_EQ(silent.time_limit, std::chrono::seconds(5)) << "the goodbye's own";
}

TEST(ImapSession, WaitsAMinuteForALoginAndHalfAnHourBehindIt) {
  Service service;
  MemoryStream before("a NOOP\r\n"), after("a LOGIN bob@example.test secret\r\n");
  service.serve(before, Service::stranger());
  EXPECT_EQ(before.time_limit, std::chrono::seconds(60));
  service.serve(after, Service::stranger());
  EXPECT_EQ(after.time_limit, std::chrono::minutes(30));
}

TEST(ImapSession, TellsTheAuthServiceWhoAsksAndHow) {
  Service service;
  Client client = Service::stranger();
  client.local = net::parse_endpoint("192.0.2.1:993", 0);
  service.talk("a LOGIN bob@example.test \"secret with blanks\"\r\n", client);
  ASSERT_EQ(service.authenticator.requests.size(), 1u);
  const auto& request = service.authenticator.requests[0];
  EXPECT_EQ(request.service, "imap");
  EXPECT_EQ(request.client_address, "192.0.2.7");
  EXPECT_EQ(request.local_address, "192.0.2.1");
  EXPECT_EQ(request.default_domain, "example.test");
  EXPECT_TRUE(request.secured);
  EXPECT_EQ(request.initial_response, std::string("\0bob@example.test\0secret with blanks", 36));
}

TEST(ImapSession, SaysThatLoginsCannotBeCheckedAndDoesNotCountThem) {
  Service service;
  service.authenticator.down = true;
  std::string input;
  for (int i = 0; i < 5; ++i) input += "a LOGIN bob@example.test secret\r\n";
  const auto output = service.talk(input, Service::stranger());
  EXPECT_TRUE(output.ends_with("a NO [UNAVAILABLE] Logins cannot be checked now, try again later\r\n"))
      << output;
}

TEST(ImapSession, SaysThatNoMechanismCanBeAskedFor) {
  Service service;
  service.authenticator.down = true;
  EXPECT_TRUE(
      service.talk("a AUTHENTICATE PLAIN\r\n", Service::stranger()).starts_with("a NO [UNAVAILABLE]"));
}

TEST(ImapSession, LogsNobodyInWhoHasTooManyConnections) {
  Service service;
  std::vector<directory::AccountId> named;
  std::size_t most = 0;
  auto client = Service::stranger();
  client.name_user = [&](directory::AccountId id) {
    named.push_back(id);
    return id == 0 || most-- > 0;
  };
  const std::string login = "l LOGIN bob@example.test secret\r\n";
  EXPECT_EQ(service.talk(login, client), "l NO [LIMIT] You have too many connections already\r\n");
  most = 1;
  const auto said = service.talk(login + "u UNAUTHENTICATE\r\n" + login, client);
  EXPECT_TRUE(said.starts_with("l OK")) << said;
  EXPECT_NE(said.find("l NO [LIMIT]"), said.npos) << said;
  EXPECT_EQ(named, (std::vector<directory::AccountId>{service.bob, service.bob, 0, service.bob}));
}

TEST(ImapSession, TakesSoManyPartsOfOneMessageAndNoMore) {
  Service service;
  const auto parts = [](int count) {
    std::string text = "a APPEND INBOX CATENATE (";
    for (int i = 0; i < count; ++i) text += std::string(i == 0 ? "" : " ") + "TEXT {1+}\r\nx";
    return text + ")\r\nb NOOP\r\n";
  };
  EXPECT_NE(service.talk(parts(1000)).find("a OK [APPENDUID"), std::string::npos);
  const auto said = service.talk(parts(1001));
  EXPECT_NE(said.find("a NO [LIMIT] Too many parts\r\n"), said.npos) << said;
  EXPECT_NE(said.find("b OK"), said.npos) << said;
}

TEST(ImapSession, SendsAwayWhoSpeaksAnotherProtocol) {
  Service service;
  std::string input;
  for (int i = 0; i < 100; ++i) input += "GET / HTTP/1.1\r\n";
  const auto output = service.talk(input, Service::stranger());
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 21);
  EXPECT_TRUE(output.ends_with("* BYE [CLIENTBUG] Too many bad commands\r\n"));
}

TEST(ImapSession, TakesLinesUpToTheLimitAndNoLonger) {
  Service service;
  const auto padded = [](std::size_t size) { return "a SEARCH " + std::string(size - 9, '1') + "\r\n"; };
  EXPECT_EQ(service.talk(padded(line_max)), "a BAD Select a mailbox first\r\n");
  EXPECT_EQ(service.talk(padded(line_max + 1)), "* BAD [TOOBIG] Command too long\r\n");
}

TEST(ImapSession, ReadsAndDropsALiteralThatIsTooLarge) {
  Service service;
  const std::string large(literal_max + 1, 'x');
  EXPECT_EQ(service.talk("a CREATE {" + std::to_string(large.size()) + "+}\r\n" + large + "\r\nb NOOP\r\n"),
            "a NO [TOOBIG] Literal too large\r\nb OK Done\r\n");
}

TEST(ImapSession, ReadsAndDropsAMessageThatIsTooLarge) {
  Service service;
  const std::string large(service.rules.message_size_max + 1, 'x');
  EXPECT_EQ(
      service.talk("a APPEND INBOX {" + std::to_string(large.size()) + "+}\r\n" + large + "\r\nb NOOP\r\n"),
      "a NO [TOOBIG] Message too large\r\nb OK Done\r\n");
}

TEST(ImapSession, GivesTheSameWhereverTheInputIsCut) {
  Service service;
  service.deliver("a", "Subject: x\r\n\r\nbody\r\n");
  const std::string input = std::string(select) +
                            "a FETCH 1 (FLAGS BODY.PEEK[])\r\nb SEARCH SUBJECT {1+}\r\nx\r\n"
                            "c APPEND Nowhere {3+}\r\nabc\r\nd NONSENSE\r\ne LOGOUT\r\n";
  for (std::size_t piece = 1; piece <= 5; ++piece) {
    MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, piece);
    service.serve(stream, Service::bobs());
    EXPECT_EQ(behind(stream.output, "\r\n"), service.talk(input)) << "pieces of " << piece;
  }
}

TEST(ImapSession, GivesLargeMessagesWhole) {
  Service service;  // bodies above 1000 bytes are files of their own
  std::string body = "Subject: large\r\n\r\n";
  for (int i = 0; i < 20000; ++i) body += "line " + std::to_string(i) + "\r\n";
  const std::string command = "a APPEND INBOX {" + std::to_string(body.size()) + "+}\r\n" + body + "\r\n";
  const auto output = service.talk(command + select + "f FETCH 1 BODY.PEEK[]\r\n");
  EXPECT_NE(output.find("{" + std::to_string(body.size()) + "}\r\n" + body + ")\r\nf OK"), std::string::npos);
}

TEST(ImapSession, RefusesAnAppendOverQuota) {
  Service service;
  EXPECT_TRUE(service.directory->set_account("bob@example.test", {{"quota", "10"}}).has_value());
  EXPECT_EQ(service.talk("a APPEND INBOX {11+}\r\n0123456789\n\r\nb GETQUOTA \"\"\r\n"),
            "a NO [OVERQUOTA] Over quota\r\n* QUOTA \"\" (STORAGE 0 1)\r\nb OK That is it\r\n");
}

TEST(ImapSession, RefusesAnAppendForWhichItsDomainHasNoRoom) {
  Service service;
  const auto ann = service.directory->add_account("ann@example.test", {})->id;
  service.deliver_to(ann, "a", std::string(900, 'x'), "INBOX");
  EXPECT_TRUE(service.directory->set_domain("example.test", {{"quota", "1000"}}).has_value());
  EXPECT_EQ(service.talk("a APPEND INBOX {150+}\r\n" + std::string(150, 'x') + "\r\n"),
            "a NO [OVERQUOTA] Over quota\r\n");
  EXPECT_TRUE(service.talk("a APPEND INBOX {9+}\r\n" + std::string(9, 'x') + "\r\n").starts_with("a OK"));
  EXPECT_TRUE(service.directory->set_domain("example.test", {{"quota", "100"}}).has_value());
  EXPECT_EQ(service.talk("a APPEND INBOX {9+}\r\n" + std::string(9, 'x') + "\r\n"),
            "a NO [OVERQUOTA] Over quota\r\n");
}

TEST(ImapSession, ClosesASelectedMailboxThatHasGone) {
  Service service;
  MemoryStream stream("c CREATE x\r\nx SELECT x\r\n");
  bool done = false;
  stream.on_wait = [&](MemoryStream& waiting) {
    if (std::exchange(done, true)) return;
    service.talk("d DELETE x\r\n");
    waiting.add_input("n NOOP\r\nm NOOP\r\n");
  };
  service.serve(stream, Service::bobs());
  EXPECT_EQ(behind(stream.output, "x OK [READ-WRITE] Selected\r\n"),
            "* BYE The mailbox has been deleted\r\nn OK Done\r\n");
}

TEST(ImapSession, OffersPlusWhereTheConnectionHasAChannelBinding) {
  Service service;
  auto client = Service::stranger();
  EXPECT_EQ(service.talk("a CAPABILITY\r\n", client).find("-PLUS"), std::string::npos);
  client.tls_info.tls_exporter = "the channel";
  EXPECT_NE(service.talk("a CAPABILITY\r\n", client).find(" AUTH=SCRAM-SHA-256-PLUS"), std::string::npos);
  service.talk("a AUTHENTICATE SCRAM-SHA-256-PLUS\r\n*\r\n", client);
  ASSERT_EQ(service.authenticator.requests.size(), 1u);
  EXPECT_EQ(service.authenticator.requests[0].tls_exporter, "the channel");
}

}  // namespace
}  // namespace tubepost::imapd::test
