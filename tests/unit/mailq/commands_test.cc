#include "mailq/commands.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace tubepost::mailq {
namespace {

// mailq on a real spool: `run` takes the words of a command line.
class Commands : public testing::Test {
protected:
  Commands() {
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    options.disk_reserve = 0;
    auto opened = spool::Spool::open(folder, options, clock);
    if (!opened) std::abort();
    spool.emplace(std::move(*opened));
  }
  std::string send(const std::string& recipient, std::optional<spool::DeliverBy> by = {}) {
    const auto id = spool::SpoolId::make(clock);
    auto writer = spool->new_body();
    writer.append("Subject: hi\r\n\r\nhello\r\n");
    auto body = writer.finish();
    spool::Message message{id, {}, {{recipient, "", "", ""}}, std::move(body).value()};
    message.envelope.reverse_path = "alice@example.test";
    message.envelope.deliver_by = by;
    if (!spool->accept(std::move(message))) std::abort();
    return id.to_text();
  }
  ExitStatus run(const std::vector<std::string>& words) {
    const auto request = parse_request(words, clock.now());
    if (!request) return ExitStatus::usage;
    std::FILE *out = std::tmpfile(), *err = std::tmpfile();
    output.out = out;
    output.notes = err;
    const ExitStatus status = mailq::run(*spool, *request, output);
    printed = text_of(out);
    notes = text_of(err);
    return status;
  }
  static std::string text_of(std::FILE* file) {
    std::rewind(file);
    std::string text = read_all(::fileno(file), 1 << 20).value();
    std::fclose(file);
    return text;
  }
  spool::State state(const std::string& id) const {
    const auto found = spool->find(*spool::SpoolId::parse(id));
    return (*found)->recipients.at(0).state;
  }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  std::string printed, notes;
  SystemClock clock;
  std::optional<spool::Spool> spool;
  Output output{nullptr, nullptr};
};

TEST_F(Commands, FindKnowsWhatBecameOfOneRecipientWhileAnotherWaits) {
  const auto id = spool::SpoolId::make(clock);
  auto writer = spool->new_body();
  writer.append("x\r\n");
  spool::Message message{
      id, {}, {{"done@x.test", "", "", ""}, {"waits@x.test", "", "", ""}}, *writer.finish()};
  if (!spool->accept(std::move(message))) std::abort();
  spool::Filter filter;
  filter.to = "done@x.test";
  ASSERT_TRUE(spool->act(id, spool::Action::drop, filter, "root"));
  ASSERT_EQ(run({"find", "to=done@x.test"}), ExitStatus::ok);
  EXPECT_TRUE(printed.starts_with(id.to_text() + '\t')) << printed;
  EXPECT_NE(printed.find("\tdropped\t"), std::string::npos) << printed;
  run({"find", "to=waits@x.test"});
  EXPECT_NE(printed.find("\tqueued\t"), std::string::npos) << printed;
  run({"find", "to=*@x.test"});
  EXPECT_EQ(std::count(printed.begin(), printed.end(), '\n'), 1) << printed;
}

TEST_F(Commands, SuppressListsOnlyThoseToWhichNothingIsSent) {
  const auto bounce = [&] {
    const auto id = *spool::SpoolId::parse(send("gone@x.test"));
    const auto turn = spool->turn({}, clock.now(), 10, {});
    ASSERT_TRUE(turn && turn->claims.size() == 1);
    spool::Outcome outcome;
    outcome.id = id;
    outcome.recipient = 0;
    outcome.kind = spool::Outcome::Kind::failed;
    outcome.suppress_until = clock.now() + std::chrono::hours(1);
    ASSERT_TRUE(spool->turn({outcome}, clock.now(), 0, {}));
    ASSERT_EQ(run({"drop", id.to_text()}), ExitStatus::ok);
  };
  bounce();
  run({"suppress", "list"});
  EXPECT_EQ(printed, "");
  run({"stats"});
  EXPECT_NE(printed.find("suppressed\t0\n"), std::string::npos) << printed;
  bounce(), bounce();
  run({"suppress", "list"});
  EXPECT_TRUE(printed.starts_with("gone@x.test\t3\t")) << printed;
}

TEST_F(Commands, AnEmptyQueueIsSaidToBeEmpty) {
  EXPECT_EQ(run({}), ExitStatus::ok);
  EXPECT_EQ(printed, "Mail queue is empty\n");
}

TEST_F(Commands, TheListHasEachMessageAndEndsWithTheTotals) {
  const auto first = send("a@x.test"), second = send("b@y.test");
  run({});
  EXPECT_NE(printed.find(first), std::string::npos);
  EXPECT_NE(printed.find(second), std::string::npos);
  EXPECT_TRUE(printed.ends_with("-- 2 messages, 2 recipients, 44 bytes\n")) << printed;
  run({"domain=y.test"});
  EXPECT_EQ(printed.find(first), std::string::npos);
}

TEST_F(Commands, MailForOtherServersIsNamedOnceBeforeQrunHasSeenIt) {
  send("a@x.test");
  send("b@x.test");
  output.is_remote = [](const std::string&) { return true; };
  run({});
  EXPECT_EQ(notes, "mailq: waiting for other servers: 2; the outgoing service is off (qrun.outgoing=off)\n");
}

TEST_F(Commands, StatsCountTheQueueAndNameItsDestinations) {
  send("a@x.test"), send("b@y.test");
  EXPECT_EQ(run({"stats"}), ExitStatus::ok);
  EXPECT_NE(printed.find("messages\t2\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("queued\t2\n"), std::string::npos);
  output.json = true;
  run({"stats"});
  EXPECT_TRUE(printed.starts_with("{\"messages\": 2, \"recipients\": 2")) << printed;
}

TEST_F(Commands, APlotIsAFileOfSvg) {
  send("a@x.test");
  output.plot = folder + "/queue.svg";
  EXPECT_EQ(run({"stats"}), ExitStatus::ok);
  EXPECT_TRUE(read_file(output.plot)->starts_with("<svg "));
}

TEST_F(Commands, FindShowsFinishedMessages) {
  const auto id = send("a@x.test");
  send("b@x.test");
  run({"drop", id});
  EXPECT_EQ(run({"find", "to=a@x.test"}), ExitStatus::ok);
  EXPECT_TRUE(printed.starts_with(id + "\t")) << printed;
  EXPECT_NE(printed.find("\tdropped\t"), std::string::npos) << printed;
  EXPECT_EQ(run({"find"}), ExitStatus::usage);
}

// One reader serves for both: recipients is an array wherever a message is an object.
TEST_F(Commands, FindsFinishedMessagesInTheFormOfTheQueue) {
  const auto id = send("a@x.test");
  run({"drop", id});
  output.json = true;
  EXPECT_EQ(run({"find", "to=a@x.test"}), ExitStatus::ok);
  EXPECT_NE(printed.find(R"("recipients": [{"address": "a@x.test", "state": "dropped"}])"), std::string::npos)
      << printed;
}

TEST_F(Commands, AScheduleIsAnObjectForEachEventIfAsked) {
  const auto id = send("a@x.test");
  output.json = true;
  EXPECT_EQ(run({"schedule", id}), ExitStatus::ok);
  const auto next = (*spool->find(*spool::SpoolId::parse(id)))->recipients.at(0).next;
  const std::string first =
      R"({"address": "a@x.test", "time": ")" + to_rfc3339(next) + R"(", "what": "attempt 1"})";
  EXPECT_TRUE(printed.starts_with(first + '\n')) << printed;
  run({"hold", id});
  run({"schedule", id});
  EXPECT_EQ(printed, R"({"address": "a@x.test", "time": null, "what": "held: never, until released"})"
                     "\n");
}

TEST_F(Commands, ShowHasEverythingThatMailAndRcptSaid) {
  const auto id = spool::SpoolId::make(clock);
  auto body = spool->new_body().finish();
  spool::Message message{id, {}, {{"a@x.test", "", "rfc822;b@x.test", ""}}, std::move(body).value()};
  message.envelope.require_tls = message.envelope.smtputf8 = true;
  ASSERT_TRUE(spool->accept(std::move(message)));
  run({"show", id.to_text()});
  for (const char* line : {"require-tls\tyes\n", "smtputf8\tyes\n", "orcpt\trfc822;b@x.test\n"})
    EXPECT_NE(printed.find(line), std::string::npos) << line << " in " << printed;
}

TEST_F(Commands, AScheduleNamesEveryAttemptTheNoticeAndTheEnd) {
  output.retry = {{std::chrono::hours(1)}, std::chrono::hours(3)};
  output.delay_notice = std::chrono::hours(2);
  const auto id = send("a@x.test");
  EXPECT_EQ(run({"schedule", id}), ExitStatus::ok);
  EXPECT_NE(printed.find("\tattempt 1\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("\tnotice of delay\n"), std::string::npos);
  EXPECT_NE(printed.find("\texpires, if that attempt fails\n"), std::string::npos);
}

// Attempts, "notice of delay", and how it ends, in their order.
TEST_F(Commands, AScheduleKnowsTheTimeThatASenderSet) {
  output.retry = {{std::chrono::hours(1)}, std::chrono::hours(30)};
  output.delay_notice = std::chrono::hours(20);
  const Timestamp soon = clock.now() + std::chrono::minutes(90);
  run({"schedule", send("a@x.test", spool::DeliverBy{soon, spool::DeliverByMode::give_back, false})});
  const std::string end =
      "a@x.test\t" + to_rfc3339(soon) + "\tgoes back: the time its sender set for it is up\n";
  EXPECT_TRUE(printed.ends_with("\tattempt 2\n" + end)) << printed;
  EXPECT_EQ(printed.find("notice"), std::string::npos) << printed;
  run({"schedule", send("a@x.test", spool::DeliverBy{soon, spool::DeliverByMode::notify, false})});
  EXPECT_LT(printed.find("\tnotice of delay\n"), printed.find("\tattempt 4\n")) << printed;
  EXPECT_TRUE(printed.ends_with("\texpires, if that attempt fails\n")) << printed;
}

TEST_F(Commands, AScheduleIsLongerWhereWeAreTheSecondary) {
  output.retry = {{std::chrono::hours(1)}, std::chrono::hours(3)};
  output.relay_expire = std::chrono::hours(20);
  output.is_secondary = [](const std::string& address) { return address == "a@primary.test"; };
  const auto attempts = [&](const std::string& id) {
    run({"schedule", id});
    return std::count(printed.begin(), printed.end(), '\n') - 1;
  };
  const auto kept = send("a@primary.test");
  EXPECT_GT(attempts(kept), 15) << printed;
  EXPECT_LT(attempts(send("a@x.test")), 7) << printed;
  output.route = "host:other.test";
  run({"reroute", kept});
  EXPECT_LT(attempts(kept), 7) << "there is no primary any more: " << printed;
  output.relay_expire = std::chrono::hours(1);
  EXPECT_GT(attempts(send("a@primary.test")), 3) << "never shorter: " << printed;
}

TEST_F(Commands, ARerouteIsKeptWithTheRecipient) {
  const auto id = send("a@x.test");
  output.route = "host:other.test";
  EXPECT_EQ(run({"reroute", id}), ExitStatus::ok);
  run({"show", id});
  EXPECT_NE(printed.find("route\thost:other.test\n"), std::string::npos) << printed;
}

TEST_F(Commands, SuppressListsAndRemoves) {
  EXPECT_EQ(run({"suppress", "list"}), ExitStatus::ok);
  EXPECT_EQ(printed, "");
  EXPECT_EQ(run({"suppress", "remove", "a@x.test"}), ExitStatus::no);
  EXPECT_EQ(run({"suppress"}), ExitStatus::usage);
}

TEST_F(Commands, CatPrintsLfAndWithRawCrlf) {
  const auto id = send("a@x.test");
  run({"cat", id.substr(0, 20)});
  EXPECT_EQ(printed, "Subject: hi\n\nhello\n");
  output.raw = true;
  run({"cat", id});
  EXPECT_EQ(printed, "Subject: hi\r\n\r\nhello\r\n");
}

TEST_F(Commands, AnUnknownIdIsANo) {
  for (const char* verb : {"show", "cat", "trace", "hold"})
    EXPECT_EQ(run({verb, "2akzs7xbf24t5ltuzeqxtb5kt2"}), ExitStatus::no) << verb;
  EXPECT_NE(notes.find("no message"), std::string::npos);
}

TEST_F(Commands, AChangeWantsTheWholeId) {
  const auto id = send("a@x.test");
  EXPECT_EQ(run({"hold", id.substr(0, 25)}), ExitStatus::no);
  EXPECT_EQ(state(id), spool::State::queued);
}

TEST_F(Commands, HoldAndReleaseAreDoneAndTraced) {
  const auto id = send("a@x.test");
  EXPECT_EQ(run({"hold", id}), ExitStatus::ok);
  EXPECT_EQ(printed, id + "\t1 held\n");
  EXPECT_EQ(state(id), spool::State::held);
  run({"release", "all"});
  EXPECT_EQ(state(id), spool::State::queued);
  run({"trace", id});
  EXPECT_NE(printed.find("held"), std::string::npos);
  EXPECT_NE(printed.find("released"), std::string::npos);
}

TEST_F(Commands, DropTakesOnlyWhatFits) {
  const auto kept = send("a@x.test");
  send("b@y.test");
  run({"drop", "to=*@y.test"});
  EXPECT_EQ(spool->message_count().value(), 1U);
  EXPECT_EQ(state(kept), spool::State::queued);
}

TEST_F(Commands, APreviewChangesNothing) {
  const auto id = send("a@x.test");
  output.preview = true;
  EXPECT_EQ(run({"drop", "all"}), ExitStatus::ok);
  EXPECT_NE(printed.find(id), std::string::npos);
  EXPECT_EQ(spool->message_count().value(), 1U);
}

TEST_F(Commands, WhatIsInDeliveryGetsAWish) {
  const auto id = send("a@x.test");
  ASSERT_TRUE(spool->turn({}, clock.now(), 1));
  run({"hold", id});
  EXPECT_EQ(printed, id + "\t1 in delivery, will be held\n");
  output.json = true;
  run({"show", id});
  EXPECT_NE(printed.find("in delivery, will be held"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::mailq
