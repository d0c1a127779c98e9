// What a transcript cannot say: other sessions at the same time, ends of conversations, what the auth service
// was asked.
#include "popd/session.h"

#include "unit/popd/fixture.h"

namespace tubepost::popd::test {
namespace {

std::string last_line(const std::string& output) {
  const auto end = output.rfind("\r\n", output.size() - 3);
  return output.substr(end == std::string::npos ? 0 : end + 2);
}

TEST(PopSession, BeginsLoggedInWhenPreauthenticated) {
  Service service;
  EXPECT_EQ(service.talk("STAT\r\nQUIT\r\n"), "+OK 0 messages, 0 octets\r\n+OK 0 0\r\n+OK Goodbye\r\n");
  EXPECT_TRUE(service.authenticator.requests.empty());
}

TEST(PopSession, RemovesOnlyAtQuit) {
  Service service;
  service.deliver("a", "x\r\n");
  service.talk("DELE 1\r\n");  // the client goes away
  EXPECT_EQ(service.store.texts(service.bob), "1:x\r\n");
  service.talk("DELE 1\r\nQUIT\r\n");
  EXPECT_EQ(service.store.texts(service.bob), "");
}

TEST(PopSession, RemovesNothingAfterAnAutologoutAndSaysNothing) {
  Service service;
  service.deliver("a", "x\r\n");
  MemoryStream stream("DELE 1\r\n", MemoryStream::AtEnd::timed_out);
  service.serve(stream, Service::bobs());
  EXPECT_EQ(last_line(stream.output), "+OK Marked\r\n");
  EXPECT_EQ(stream.time_limit, std::chrono::minutes(10));
  EXPECT_EQ(service.store.texts(service.bob), "1:x\r\n");
}

TEST(PopSession, SaysGoodbyeWhenTheServiceStops) {
  Service service;
  MemoryStream stream("DELE 1\r\n", MemoryStream::AtEnd::shutting_down);
  service.serve(stream, Service::bobs());
  EXPECT_EQ(last_line(stream.output), "-ERR [SYS/TEMP] Shutting down, come back in a moment\r\n");
}

TEST(PopSession, SaysThatNoMechanismCanBeAskedFor) {
  Service service;
  service.authenticator.down = true;
  EXPECT_EQ(last_line(service.talk("AUTH PLAIN\r\n", Service::stranger())),
            "-ERR [SYS/TEMP] Logins cannot be checked now, try again later\r\n");
}

TEST(PopSession, LogsNobodyInWhoHasTooManyConnections) {
  Service service;
  auto client = Service::bobs();
  client.name_user = [&](directory::AccountId id) { return id != service.bob; };
  EXPECT_EQ(last_line(service.talk("STAT\r\n", client)),
            "-ERR [SYS/TEMP] You have too many connections already\r\n");
}

TEST(PopSession, DoesNotSeeWhatArrivesAfterLogin) {
  Service service;
  MemoryStream stream("STAT\r\n");
  bool delivered = false;
  stream.on_wait = [&](MemoryStream& waiting) {
    if (std::exchange(delivered, true)) return;
    service.deliver("late", "x\r\n");
    waiting.add_input("STAT\r\nRETR 1\r\nQUIT\r\n");
  };
  service.serve(stream, Service::bobs());
  EXPECT_EQ(stream.output,
            "+OK 0 messages, 0 octets\r\n+OK 0 0\r\n+OK 0 0\r\n-ERR No such message\r\n+OK Goodbye\r\n");
}

TEST(PopSession, SaysThatAMessageHasGoneMeanwhile) {
  Service service;
  service.deliver("a", "x\r\n");
  MemoryStream stream("STAT\r\n");
  bool removed = false;
  stream.on_wait = [&](MemoryStream& waiting) {
    if (std::exchange(removed, true)) return;
    service.store.expunge({1}, service.bob);
    waiting.add_input("RETR 1\r\nTOP 1 0\r\nDELE 1\r\nQUIT\r\n");
  };
  service.serve(stream, Service::bobs());
  EXPECT_EQ(stream.output,
            "+OK 1 messages, 35 octets\r\n+OK 1 35\r\n-ERR That message has been removed meanwhile\r\n"
            "-ERR That message has been removed meanwhile\r\n+OK Marked\r\n+OK Goodbye\r\n");
}

TEST(PopSession, TwoSessionsMayHaveTheMailboxOpenAndBothRemoveTheSame) {
  Service service;
  service.deliver("a", "x\r\n");
  service.deliver("b", "y\r\n");
  MemoryStream stream("DELE 1\r\n");
  bool other = false;
  stream.on_wait = [&](MemoryStream& waiting) {
    if (std::exchange(other, true)) return;
    EXPECT_EQ(last_line(service.talk("DELE 1\r\nQUIT\r\n")), "+OK Goodbye\r\n");
    waiting.add_input("QUIT\r\n");
  };
  service.serve(stream, Service::bobs());
  EXPECT_EQ(last_line(stream.output), "+OK Goodbye\r\n");
  EXPECT_EQ(service.store.texts(service.bob), "2:y\r\n");
}

TEST(PopSession, GivesLargeMessagesWhole) {
  Service service;  // bodies above 1000 bytes are files of their own
  std::string body = "Subject: large\r\n\r\n";
  for (int i = 0; i < 5000; ++i) body += ".line " + std::to_string(i) + "\r\n";
  service.deliver("large", body);
  const auto output = service.talk("RETR 1\r\n");
  std::string expected = "Delivered-To: bob@example.test\r\n";
  smtp::append_dot_stuffed(expected, body);
  EXPECT_NE(output.find(expected), std::string::npos);
  EXPECT_TRUE(output.ends_with("\r\n.\r\n"));
}

TEST(PopSession, GivesTheSameWhereverTheInputIsCut) {
  Service service;
  service.deliver("a", "x\r\n");
  const std::string input = "STAT\r\nUIDL\r\nRETR 1\r\nTOP 1 1\r\nNONSENSE\r\nRSET\r\nQUIT\r\n";
  for (std::size_t piece = 1; piece <= 5; ++piece) {
    MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, piece);
    service.serve(stream, Service::bobs());
    EXPECT_EQ(stream.output, service.talk(input)) << "pieces of " << piece;
  }
}

TEST(PopSession, TellsTheAuthServiceWhoAsksAndHow) {
  Service service;
  Client client = Service::stranger();
  client.local = net::parse_endpoint("192.0.2.1:995", 0);
  service.talk("USER bob@example.test\r\nPASS secret with blanks \r\n", client);
  ASSERT_EQ(service.authenticator.requests.size(), 1u);
  const auto& request = service.authenticator.requests[0];
  EXPECT_EQ(request.service, "pop3");
  EXPECT_EQ(request.client_address, "192.0.2.7");
  EXPECT_EQ(request.local_address, "192.0.2.1");
  EXPECT_EQ(request.default_domain, "example.test");
  EXPECT_TRUE(request.secured);
  EXPECT_EQ(request.initial_response, std::string("\0bob@example.test\0secret with blanks ", 37));
}

TEST(PopSession, RefusesClearTextPasswordsFromLoopbackLikeAnyOther) {
  Service service;
  Client client = Service::stranger(false);
  client.address = net::parse_endpoint("127.0.0.1:1", 0);
  EXPECT_EQ(service.talk("USER bob@example.test\r\nQUIT\r\n", client)
                .find("-ERR [AUTH] No passwords in clear text"),
            std::string("+OK mx.example.test POP3 server ready\r\n").size());
  EXPECT_TRUE(service.authenticator.requests.empty());
}

TEST(PopSession, TakesClearTextPasswordsWhereTheSettingAllowsThem) {
  Service service;
  service.rules.cleartext_login = true;
  const auto output =
      service.talk("USER bob@example.test\r\nPASS secret\r\nSTAT\r\n", Service::stranger(false));
  EXPECT_EQ(last_line(output), "+OK 0 0\r\n");
}

TEST(PopSession, SaysThatLoginsCannotBeCheckedAndDoesNotCountThem) {
  Service service;
  service.authenticator.down = true;
  std::string input;
  for (int i = 0; i < 5; ++i) input += "USER bob@example.test\r\nPASS secret\r\n";
  const auto output = service.talk(input, Service::stranger());
  EXPECT_EQ(last_line(output), "-ERR [SYS/TEMP] Logins cannot be checked now, try again later\r\n");
}

TEST(PopSession, TellsTheAuthServiceOfACancelledDialogue) {
  Service service;
  service.talk("AUTH PLAIN\r\n*\r\n", Service::stranger());
  EXPECT_EQ(service.authenticator.cancelled, 1u);
}

TEST(PopSession, TakesCommandsUpToTheLimitAndNoLonger) {
  Service service;
  const std::string longest = "NOOP" + std::string(pop3::command_line_max - 2 - 4, ' ');
  EXPECT_EQ(last_line(service.talk(longest + "\r\n")), "+OK Ok\r\n");
  EXPECT_EQ(last_line(service.talk(longest + " \r\n")), "-ERR Line too long\r\n");
}

TEST(PopSession, SendsAwayWhoSpeaksAnotherProtocol) {
  Service service;
  std::string input;
  for (int i = 0; i < 100; ++i) input += "GET / HTTP/1.1\r\n";
  const auto output = service.talk(input, Service::stranger());
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1 + 20);
}

TEST(PopSession, DowngradesTheHeaderForWhoDidNotSayUtf8) {
  Service service;
  service.deliver("a", "Subject: gr\xc3\xbc\xc3\x9f\x65\r\n\r\nb\xc3\xb6\r\n");
  const auto plain = service.talk("RETR 1\r\nQUIT\r\n");
  EXPECT_NE(plain.find("Subject: =?utf-8?B?Z3LDvMOfZQ==?=\r\n\r\nb\xc3\xb6\r\n.\r\n"), std::string::npos)
      << plain;
  const auto login = "UTF8\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n";
  const auto utf8 = service.talk(std::string(login) + "RETR 1\r\nQUIT\r\n", Service::stranger());
  EXPECT_NE(utf8.find("Subject: gr\xc3\xbc\xc3\x9f\x65\r\n\r\nb\xc3\xb6\r\n.\r\n"), std::string::npos)
      << utf8;
}

TEST(PopSession, ApopSaysTheTimestampOfTheGreeting) {
  Service service;
  service.authenticator.internal = "APOP";
  const auto said = service.talk(
      "APOP bob@example.test c4c9334bac560ecc979e58001b3e22fb\r\nAPOP bob@example.test xyz\r\nQUIT\r\n",
      Service::stranger(false));
  const auto begin = said.find('<'), end = said.find('>');
  ASSERT_NE(end, std::string::npos) << said;
  const std::string timestamp = said.substr(begin, end - begin + 1);
  EXPECT_TRUE(timestamp.ends_with("@mx.example.test>"));
  ASSERT_EQ(service.authenticator.requests.size(), 1u) << "the second has no digest";
  const auto& request = service.authenticator.requests[0];
  EXPECT_EQ(request.mechanism, "APOP");
  const std::string digest("\xc4\xc9\x33\x4b\xac\x56\x0e\xcc\x97\x9e\x58\x00\x1b\x3e\x22\xfb", 16);
  EXPECT_EQ(request.initial_response, timestamp + '\0' + "bob@example.test" + '\0' + digest);
}

TEST(PopSession, OffersPlusWhereTheConnectionHasAChannelBinding) {
  Service service;
  auto client = Service::stranger();
  client.tls_info.tls_exporter = "the channel";
  EXPECT_NE(service.talk("CAPA\r\nQUIT\r\n", client).find("SASL PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS\r\n"),
            std::string::npos);
  service.talk("AUTH SCRAM-SHA-256-PLUS\r\n*\r\nQUIT\r\n", client);
  ASSERT_EQ(service.authenticator.requests.size(), 1u);
  EXPECT_EQ(service.authenticator.requests[0].tls_exporter, "the channel");
}

TEST(PopSession, GivesABinaryMessageInLines) {
  Service service;
  const std::string head = "MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: ";
  service.deliver("a", head + "binary\r\n\r\n" + std::string("a\0\nb\rc", 6));
  const auto said = service.talk("RETR 1\r\nTOP 1 5\r\nQUIT\r\n");
  EXPECT_NE(said.find("Content-Transfer-Encoding: base64\r\n\r\nYQAKYg1j\r\n.\r\n"), std::string::npos)
      << said;
  EXPECT_EQ(said.find('\0'), std::string::npos);
  EXPECT_EQ(said.find("binary"), std::string::npos);
}

// RFC 1939 5, RFC 6856 2.1: what LIST says is what RETR sends; the message has a signature, as nearly all have that come so.
TEST(PopSession, TheSizeOfABinaryMessageIsThatOfItsLines) {
  Service service;
  service.deliver(
      "a", "DKIM-Signature: v=1\r\nContent-Transfer-Encoding: binary\r\n\r\n" + std::string("a\0\nb", 4));
  const auto said = service.talk("LIST 1\r\nRETR 1\r\nQUIT\r\n");
  const auto sent = said.rfind(" octets\r\n") + 9, end = said.find("\r\n.\r\n") + 2;
  ASSERT_GT(end, sent);
  const auto size = std::to_string(end - sent);
  EXPECT_NE(said.find("+OK 1 " + size + "\r\n"), std::string::npos) << said;
  EXPECT_NE(said.find("+OK " + size + " octets\r\n"), std::string::npos) << said;
  EXPECT_EQ(said.find('\0'), std::string::npos);
}

// The bodies are not even there.
TEST(PopSession, AnswersListAndUidlOfAHundredThousandMessagesWithoutReadingABody) {
  Service service;
  service.deliver("a", "Subject: hi\r\n\r\n" + std::string(2000, 'x') + "\r\n");
  const mailstore::MailboxRef inbox{service.bob, service.store.status(service.bob).id};
  while (service.store.status(service.bob).messages < 100'000) {
    ASSERT_TRUE(service.store->copy(inbox, mailstore::UidSet::all(), inbox).has_value());
  }
  const auto files = service.store.files();
  ASSERT_EQ(files.size(), 1U);
  std::filesystem::remove(files[0]);
  const auto lines = [&](const std::string& command) {
    const auto said = service.talk(command + "\r\nQUIT\r\n");
    return static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n'));
  };
  const std::size_t around = 4;  // greeting, +OK, the dot, goodbye
  EXPECT_EQ(lines("LIST"), (1U << 17) + around);
  EXPECT_EQ(lines("UIDL"), (1U << 17) + around);
  EXPECT_NE(service.talk("RETR 1\r\nQUIT\r\n").find("-ERR"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::popd::test
