// Mail for other servers, from the spool through a fake mxsend and back.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "qrun/scheduler.h"
#include "qrun/sender_pool.h"
#include "qrun/worker_pool.h"
#include "support/temporary_folder.h"
#include "unit/qrun/moved_clock.h"
#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

class Outward : public testing::Test {
protected:
  Outward() {
    for (const char* part : {"/spool", "/directory"}) std::filesystem::create_directory(folder + part);
    auto opened = directory::Directory::open(folder + "/directory", {true, false});
    if (!opened || !opened->add_domain("example.test", {})) std::abort();
    directory.emplace(std::move(*opened));
    if (!directory->add_alias("both@example.test", {"a@one.test", "b@two.test"})) std::abort();
    addresses.emplace(*directory);
    open_spool();
    settings.connections = 4;
    settings.suppress = 24h;
  }
  void open_spool() {
    spool.reset();
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    options.disk_reserve = 0;
    auto opened = spool::Spool::open(folder + "/spool", options, clock);
    if (!opened) std::abort();
    spool.emplace(std::move(*opened));
  }
  spool::SpoolId send(const std::vector<std::string>& to, const std::string& notify = "",
                      const std::string& sender = "alice@example.org") {
    const auto id = spool::SpoolId::make(clock);
    auto writer = spool->new_body();
    writer.append("Subject: hi\r\n\r\nhello\r\n");
    auto body = writer.finish();
    spool::Message message{id, {}, {}, std::move(*body)};
    message.envelope.reverse_path = sender;
    for (const std::string& recipient : to) message.recipients.push_back({recipient, "", "", notify});
    if (!spool->accept(std::move(message))) std::abort();
    return id;
  }
  spool::SpoolId send_by(const std::string& to, const spool::DeliverBy& by, const std::string& notify = "") {
    const auto id = spool::SpoolId::make(clock);
    auto writer = spool->new_body();
    writer.append("x\r\n");
    spool::Message message{id, {}, {{to, "", "", notify}}, std::move(*writer.finish())};
    message.envelope.reverse_path = "alice@example.org";
    message.envelope.deliver_by = by;
    if (!spool->accept(std::move(message))) std::abort();
    return id;
  }
  void qrun() {
    const auto lock = spool->lock_scheduler(5s);
    if (!lock || !*lock) std::abort();
    WorkerPool pool({"deliver", {FAKE_WORKER, folder + "/delivered"}, 1, 500}, (*lock)->get(), logger);
    SenderPool senders({"mxsend", {FAKE_SENDER, folder + "/journal"}, settings.connections, 1},
                       (*lock)->get(), logger);
    Scheduler scheduler(
        {*spool, *addresses, pool, clock, logger, [&] { return settings; }, "mx.example.test", &senders},
        {true, -1, nullptr});
    EXPECT_EQ(scheduler.run(), ExitStatus::ok);
  }
  // Lines "sent ID DOMAIN NUMBER…" for `domain`.
  std::vector<std::string> sent(const std::string& domain) const {
    std::vector<std::string> lines;
    const std::string text = read_file(folder + "/journal").value_or("");
    for (const auto line : split(text, '\n'))
      if (line.find(' ' + domain + ' ') != std::string_view::npos) lines.emplace_back(line);
    return lines;
  }
  void comes_up(const std::string& domain) { std::ofstream(folder + "/journal." + domain + ".up"); }
  std::vector<spool::Recipient> recipients(const spool::SpoolId& id) const {
    const auto found = spool->find(id);
    return found && *found ? (*found)->recipients : std::vector<spool::Recipient>();
  }
  std::string trace(const spool::SpoolId& id) const {
    std::string text;
    const auto events = spool->trace(id);
    for (const spool::Event& event : *events) text += event.name + ' ' + event.fields + '\n';
    return text;
  }
  // The DSNs sent to `sender`: fake mxsend has no body, so the spool's trace of each is looked for.
  std::string dsn_of(const spool::SpoolId& id) const {
    const std::string text = trace(id);
    const auto at = text.find("report=");
    return at == std::string::npos ? "" : text.substr(at + 7, 26);
  }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  MovedClock clock;
  log::Logger logger{"test", log::Level::debug, log::Format::logfmt, std::getenv("QRUN_TEST_LOG") ? 2 : -1};
  std::optional<directory::Directory> directory;
  std::optional<DirectoryAddresses> addresses;
  std::optional<spool::Spool> spool;
  Policy settings = policy();
};

TEST_F(Outward, HostsThatSwallowEverythingDoNotHoldUpOneThatLives) {
  settings.connections = 2;
  std::vector<spool::SpoolId> hung;
  for (int i = 0; i < 6; ++i) hung.push_back(send({"x@hang" + std::to_string(i) + ".test"}));
  send({"bob@live.test"});
  qrun();
  EXPECT_EQ(sent("live.test").size(), 1U);
  for (const auto& id : hung) {
    ASSERT_EQ(recipients(id).size(), 1U);
    EXPECT_NE(recipients(id)[0].reason.find("no answer"), std::string::npos) << recipients(id)[0].reason;
  }
}

TEST_F(Outward, MailForAnotherServerIsSentAndGone) {
  const auto id = send({"bob@remote.test"});
  qrun();
  EXPECT_EQ(sent("remote.test").size(), 1U);
  EXPECT_TRUE(recipients(id).empty());
  EXPECT_NE(trace(id).find("mx.test[192.0.2.1]:25 said: 250 ok"), std::string::npos) << trace(id);
}

TEST_F(Outward, TheRecipientsOfOneMessageAtOneDestinationAreOneJob) {
  send({"a@remote.test", "b@remote.test", "c@other.test"});
  qrun();
  ASSERT_EQ(sent("remote.test").size(), 1U);
  EXPECT_TRUE(sent("remote.test")[0].ends_with(" 0 1")) << sent("remote.test")[0];
  EXPECT_EQ(sent("other.test").size(), 1U);
}

TEST_F(Outward, ADeadHostCostsOneProbeAndNotAThousand) {
  std::vector<spool::SpoolId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(send({"bob@dead.test"}));
  send({"bob@live.test"});
  qrun();
  EXPECT_LE(sent("dead.test").size(), 4U) << "what was on its way when the first failed";
  EXPECT_EQ(sent("live.test").size(), 1U);
  std::size_t tried = 0;
  for (const auto& id : ids) tried += recipients(id)[0].attempts > 0 ? 1 : 0;
  EXPECT_LE(tried, 4U);
  EXPECT_TRUE(recipients(ids.back())[0].parked);
  EXPECT_EQ(spool->destinations()->size(), 1U);
  EXPECT_EQ(spool->check(false)->size(), 0U);
}

TEST_F(Outward, WhenTheProbeSucceedsEverythingFollows) {
  for (int i = 0; i < 300; ++i) send({"bob@dead.test"});
  qrun();
  comes_up("dead.test");
  clock.move(400s);
  qrun();
  EXPECT_GE(sent("dead.test").size(), 300U);
  EXPECT_EQ(spool->message_count().value(), 0U);
}

TEST_F(Outward, ManyRecipientsOfOneMessageAreFewJobs) {
  const auto many = [](const std::string& domain) {
    std::vector<std::string> all;
    for (int i = 0; i < 350; ++i) all.push_back("u" + std::to_string(i) + '@' + domain);
    return all;
  };
  send(many("remote.test"));
  qrun();
  EXPECT_EQ(sent("remote.test").size(), 4U);
  send(many("dead.test"));
  qrun();
  const auto before = sent("dead.test").size();
  comes_up("dead.test");
  clock.move(400s);
  qrun();
  EXPECT_LE(sent("dead.test").size() - before, 6U);
  EXPECT_EQ(spool->message_count().value(), 0U);
}

TEST_F(Outward, ThoseOfSeveralDomainsGoByTheSmarthostTogether) {
  settings.by_smarthost = true;
  send({"a@one.test", "b@two.test", "c@three.test", "d@one.test"});
  qrun();
  const std::string journal = read_file(folder + "/journal").value_or("");
  EXPECT_EQ(std::count(journal.begin(), journal.end(), '\n'), 1) << journal;
  EXPECT_EQ(spool->message_count().value(), 0U);
}

TEST_F(Outward, ARestartDoesNotForgetWhoIsDead) {
  for (int i = 0; i < 20; ++i) send({"bob@dead.test"});
  qrun();
  const auto before = sent("dead.test").size();
  open_spool();
  send({"carol@dead.test"});
  qrun();
  EXPECT_EQ(sent("dead.test").size(), before);
}

TEST_F(Outward, AnOperatorsRetryProbesADeadDestination) {
  send({"bob@dead.test"});
  qrun();
  const auto id = send({"carol@dead.test"});
  qrun();
  const auto before = sent("dead.test").size();
  comes_up("dead.test");
  ASSERT_TRUE(spool->act(id, spool::Action::retry, {}, "root"));
  qrun();
  EXPECT_GT(sent("dead.test").size(), before);
  EXPECT_TRUE(recipients(id).empty());
}

TEST_F(Outward, ADeathAfterTheFinalDotIsTracedWithItsWindow) {
  const auto id = send({"dot@remote.test"});
  qrun();
  EXPECT_NE(trace(id).find("outcome-unknown"), std::string::npos);
  EXPECT_NE(trace(id).find("window=final-dot"), std::string::npos) << trace(id);
  EXPECT_EQ(recipients(id).size(), 1U);
}

TEST_F(Outward, ARefusedRecipientIsReportedAndTheOthersGo) {
  const auto id = send({"gone@remote.test", "bob@remote.test"});
  qrun();
  EXPECT_NE(trace(id).find("failed"), std::string::npos);
  EXPECT_NE(dsn_of(id), "");
  EXPECT_EQ(sent("example.org").size(), 1U) << "the DSN travelled";
}

TEST_F(Outward, ASuccessIsToldWhereTheNextHopWillNot) {
  const auto told = send({"bob@remote.test"}, "SUCCESS"), left = send({"bob@dsn.test"}, "SUCCESS");
  qrun();
  EXPECT_NE(dsn_of(told), "");
  EXPECT_EQ(dsn_of(left), "");
}

TEST_F(Outward, AnAliasOfSeveralTellsThatItWasExpandedOnce) {
  const auto id = send({"both@example.test"}, "SUCCESS,FAILURE");
  qrun();
  EXPECT_NE(dsn_of(id), "");
  EXPECT_EQ(sent("example.org").size(), 1U);
  EXPECT_EQ(sent("one.test").size() + sent("two.test").size(), 2U);
}

TEST_F(Outward, ADelayIsToldOnceUnlessDeclined) {
  settings.delay_notice = 600s;
  const auto id = send({"later@remote.test"}), quiet = send({"later@remote.test"}, "FAILURE");
  qrun();
  EXPECT_EQ(dsn_of(id), "");
  clock.move(3'000s);
  qrun();
  EXPECT_NE(dsn_of(id), "") << trace(id);
  EXPECT_EQ(dsn_of(quiet), "");
  clock.move(5'000s);
  qrun();
  EXPECT_EQ(sent("example.org").size(), 1U);
}

TEST_F(Outward, NothingIsSentWhileSendingIsOff) {
  settings.outgoing = false;
  const auto id = send({"bob@remote.test"});
  qrun();
  EXPECT_TRUE(sent("remote.test").empty());
  EXPECT_EQ(recipients(id)[0].reason, "the outgoing service is off (qrun.outgoing=off)");
}

TEST_F(Outward, WhatWaitedWhileSendingWasOffGoesAsSoonAsItIsOn) {
  settings.outgoing = false;
  const auto id = send({"bob@remote.test"}), other = send({"eve@other.test"});
  qrun();
  ASSERT_EQ(recipients(id).size(), 1U);
  EXPECT_EQ(spool->lanes()->size(), 2U) << "mailq stats shows where it is to go";
  settings.outgoing = true;
  qrun();
  EXPECT_EQ(sent("remote.test").size(), 1U);
  EXPECT_EQ(sent("other.test").size(), 1U);
  EXPECT_TRUE(recipients(id).empty() && recipients(other).empty());
}

TEST_F(Outward, AnAddressThatBouncedAgainAndAgainIsNotSentTo) {
  for (int i = 0; i < 3; ++i) send({"gone@remote.test"}), qrun();
  const auto before = sent("remote.test").size();
  const auto id = send({"gone@remote.test"});
  qrun();
  EXPECT_EQ(sent("remote.test").size(), before);
  EXPECT_NE(trace(id).find("suppressed"), std::string::npos) << trace(id);
}

// RFC 2852 4.1.4: "relayed" is told where a trace was asked for, and where the next server does not know the time.
TEST_F(Outward, ThatAMessageWithATimeWasRelayedIsToldThoughNobodyAskedForSuccess) {
  using spool::DeliverByMode;
  const spool::DeliverBy traced{clock.now() + 100s, DeliverByMode::notify, true},
      plain{clock.now() + 100s, DeliverByMode::notify, false};
  const auto trace_told = send_by("bob@by.test", traced), quiet = send_by("bob@by.test", plain),
             unknown = send_by("bob@dsn.test", plain), never = send_by("bob@dsn.test", traced, "NEVER"),
             success = send_by("bob@by.test", plain, "SUCCESS");
  qrun();
  EXPECT_NE(dsn_of(trace_told), "");
  EXPECT_EQ(dsn_of(quiet), "") << "the next server knows the time";
  EXPECT_NE(dsn_of(unknown), "");
  EXPECT_EQ(dsn_of(never), "");
  EXPECT_EQ(dsn_of(success), "") << "it is the next server's to tell";
}

TEST_F(Outward, WhatIsNotToBeDeliveredAfterItsDeadlineIsGivenBack) {
  const auto id = send_by("later@remote.test", {clock.now() + 100s, spool::DeliverByMode::give_back, false});
  qrun();
  EXPECT_EQ(recipients(id).size(), 1U);
  clock.move(110s);
  qrun();
  EXPECT_TRUE(recipients(id).empty());
  EXPECT_NE(trace(id).find("5.4.7"), std::string::npos);
}

TEST_F(Outward, WhatExpiresAtADeadDestinationGoesBack) {
  const auto id = send({"bob@dead.test"});
  for (int i = 0; i < 3; ++i) send({"carol@dead.test"});
  qrun();
  clock.move(Milliseconds(121h));
  qrun();
  clock.move(Milliseconds(2h));
  qrun();
  EXPECT_TRUE(recipients(id).empty()) << trace(id);
  EXPECT_NE(trace(id).find("could not be delivered in"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::qrun
