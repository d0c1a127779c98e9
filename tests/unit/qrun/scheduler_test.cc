#include "qrun/scheduler.h"
#include "qrun/sender_pool.h"
#include "qrun/worker_pool.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "qrun/survey.h"
#include "support/temporary_folder.h"
#include "unit/qrun/samples.h"
#include "unit/qrun/moved_clock.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

// A spool and a directory on disk, and a fake delivery program. `qrun()` is `qrun --once`.
class Queue : public testing::Test {
protected:
  Queue() {
    for (const char* part : {"/spool", "/directory"}) std::filesystem::create_directory(folder + part);
    auto opened = directory::Directory::open(folder + "/directory", {true, false});
    if (!opened) std::abort();
    directory.emplace(std::move(*opened));
    must(directory->add_domain("example.test", {}));
    must(directory->add_route(route("discard.test", directory::RouteKind::discard)));
    must(directory->add_route(route("hold.test", directory::RouteKind::hold)));
    open_spool();
    addresses.emplace(*directory);
  }

  template <class T>
  static void must(const Result<T>& result) {
    if (!result) FAIL() << result.error().text;
  }
  static directory::Route route(const std::string& pattern, directory::RouteKind kind) {
    return {pattern, false, kind, ""};
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
  void accounts(const std::vector<std::string>& names) {
    for (const std::string& name : names) must(directory->add_account(name + "@example.test", {}));
  }
  spool::SpoolId send(const std::vector<std::string>& recipients,
                      const std::string& sender = "alice@example.test") {
    const auto id = spool::SpoolId::make(clock);
    auto writer = spool->new_body();
    writer.append("Subject: hi\r\n\r\nhello\r\n");
    auto body = writer.finish();
    if (!body) std::abort();
    spool::Message message{id, {}, {}, std::move(*body)};
    message.envelope.reverse_path = sender;
    for (const std::string& recipient : recipients) message.recipients.push_back({recipient, "", "", ""});
    must(spool->accept(std::move(message)));
    return id;
  }
  ExitStatus qrun(process::SignalSource* signals = nullptr, bool once = true) {
    const auto lock = spool->lock_scheduler(5s);
    if (!lock || !*lock) std::abort();
    WorkerPool pool({"deliver", {worker, folder + "/journal"}, 1, 500}, (*lock)->get(), logger);
    Scheduler scheduler(
        {*spool, *addresses, pool, clock, logger, [&] { return settings; }, "mx.example.test"},
        {once, -1, signals});
    const ExitStatus status = scheduler.run();
    statistics = scheduler.statistics();
    return status;
  }
  std::vector<std::string> journal(const std::string& verb = "delivered") const {
    std::vector<std::string> lines;
    const auto text = read_file(folder + "/journal");
    if (!text) return lines;
    for (const auto line : split(*text, '\n'))
      if (line.starts_with(verb + ' ')) lines.emplace_back(line);
    return lines;
  }
  std::vector<spool::Recipient> recipients(const spool::SpoolId& id) const {
    const auto found = spool->find(id);
    return found && *found ? (*found)->recipients : std::vector<spool::Recipient>();
  }
  std::string trace(const spool::SpoolId& id) const {
    std::string names;
    const auto events = spool->trace(id);
    for (const spool::Event& event : events.value()) names += event.name + ' ';
    return names;
  }
  std::size_t messages() const { return spool->message_count().value(); }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  std::string worker = FAKE_WORKER;
  MovedClock clock;
  log::Logger logger{"test", log::Level::error, log::Format::logfmt, -1};
  std::optional<directory::Directory> directory;
  std::optional<spool::Spool> spool;
  std::optional<DirectoryAddresses> addresses;
  Policy settings = policy();
  Scheduler::Statistics statistics;
};

TEST_F(Queue, AnEmptyQueueIsDoneAtOnce) { EXPECT_EQ(qrun(), ExitStatus::ok); }

TEST_F(Queue, AMessageToEachOfItsRecipientsIsDeliveredOnce) {
  accounts({"bob", "carol"});
  const auto id = send({"bob@example.test", "carol@example.test"});
  EXPECT_EQ(qrun(), ExitStatus::ok);
  EXPECT_EQ(journal().size(), 2U);
  EXPECT_EQ(messages(), 0U);
  EXPECT_NE(trace(id).find("accepted"), std::string::npos);
  EXPECT_NE(trace(id).find("delivered"), std::string::npos);
}

TEST_F(Queue, ManyMessagesAreAllDelivered) {
  accounts({"bob"});
  for (int i = 0; i < 300; ++i) send({"bob@example.test"});
  qrun();
  EXPECT_EQ(journal().size(), 300U);
  EXPECT_EQ(messages(), 0U);
}

TEST_F(Queue, TheWorkerIsToldToForgetWhatWasRecorded) {
  accounts({"bob"});
  const auto id = send({"bob@example.test"});
  qrun();
  EXPECT_EQ(journal("forget"), (std::vector<std::string>{"forget " + id.to_text() + "/0"}));
}

TEST_F(Queue, AnAliasIsExpandedAndItsLeavesDelivered) {
  accounts({"bob", "carol"});
  must(directory->add_alias("team@example.test", {"bob@example.test", "carol@example.test"}));
  const auto id = send({"team@example.test", "bob@example.test"});
  qrun();
  EXPECT_EQ(journal().size(), 2U);  // bob once, though named twice
  EXPECT_NE(trace(id).find("expanded"), std::string::npos);
}

TEST_F(Queue, WhoIsUnknownIsReportedToTheSenderOnce) {
  accounts({"alice"});
  const auto id = send({"gone@example.test", "away@example.test"});
  qrun();
  ASSERT_EQ(statistics.bounces, 1U);
  ASSERT_EQ(journal().size(), 1U);
  EXPECT_NE(journal()[0].find("alice@example.test"), std::string::npos);
  EXPECT_NE(trace(id).find("dsn"), std::string::npos);
  EXPECT_EQ(messages(), 0U);
}

TEST_F(Queue, ABounceThatFailsIsNotBounced) {
  send({"gone@example.test"}, "unknown@example.test");
  qrun();
  EXPECT_EQ(statistics.bounces, 1U);
  EXPECT_EQ(messages(), 0U);
}

TEST_F(Queue, RemoteMailStaysQueuedAndSaysWhy) {
  const auto id = send({"a@remote.test"});
  qrun();
  ASSERT_EQ(recipients(id).size(), 1U);
  EXPECT_EQ(recipients(id)[0].state, spool::State::queued);
  EXPECT_EQ(recipients(id)[0].attempts, 0U);
  EXPECT_EQ(recipients(id)[0].reason, "no outgoing service: nothing sends outward");
  EXPECT_GT(recipients(id)[0].next, clock.now());
}

TEST_F(Queue, RemoteMailIsReturnedWhenItExpires) {
  accounts({"alice"});
  send({"a@remote.test"});
  clock.move(std::chrono::hours(121));
  qrun();
  EXPECT_EQ(statistics.bounces, 1U);
  EXPECT_EQ(journal().size(), 1U);
}

TEST_F(Queue, WhatADiscardRouteTakesIsGone) {
  for (int i = 0; i < 100; ++i) send({"a@discard.test", "b@discard.test"});
  qrun();
  EXPECT_EQ(messages(), 0U);
  EXPECT_EQ(statistics.outcomes["discarded"], 200U);
}

TEST_F(Queue, AHoldRouteHoldsForTheOperator) {
  const auto id = send({"a@hold.test"});
  qrun();
  EXPECT_EQ(recipients(id).at(0).state, spool::State::held);
}

TEST_F(Queue, ADeferredDeliveryIsDueAgainByTheSchedule) {
  accounts({"defer"});
  const auto id = send({"defer@example.test"});
  qrun();
  ASSERT_EQ(recipients(id).at(0).state, spool::State::deferred);
  EXPECT_EQ(recipients(id)[0].attempts, 1U);
  EXPECT_GT(recipients(id)[0].next, clock.now() + 200s);
}

TEST_F(Queue, PoisonIsHeldAfterThreeCrashesAndTheRestIsDelivered) {
  accounts({"crash", "bob"});
  const auto id = send({"crash@example.test", "bob@example.test"});
  for (int round = 0; round < 3; ++round) {
    qrun();
    clock.move(2h);
  }
  EXPECT_EQ(journal().size(), 1U);
  ASSERT_EQ(recipients(id).size(), 1U);
  EXPECT_EQ(recipients(id)[0].state, spool::State::held);
}

TEST_F(Queue, WithoutAWorkerTheMailStaysAndQrunSaysSo) {
  accounts({"bob"});
  worker = "/nowhere/deliver";
  const auto id = send({"bob@example.test"});
  EXPECT_EQ(qrun(), ExitStatus::later);
  ASSERT_EQ(recipients(id).size(), 1U);
  EXPECT_EQ(recipients(id)[0].attempts, 0U);
  EXPECT_NE(recipients(id)[0].reason.find("deliver"), std::string::npos);
  worker = FAKE_WORKER;
  clock.move(1min);
  EXPECT_EQ(qrun(), ExitStatus::ok);
  EXPECT_EQ(messages(), 0U);
}

TEST_F(Queue, ClaimsOfAQrunThatDiedAreTakenUpAgain) {
  accounts({"bob"});
  const auto id = send({"bob@example.test"});
  must(spool->turn({}, clock.now(), 10));
  ASSERT_EQ(recipients(id).at(0).state, spool::State::working);
  qrun();
  EXPECT_EQ(messages(), 0U);
  EXPECT_NE(trace(id).find("outcome-unknown"), std::string::npos);
}

TEST_F(Queue, OnlyOneMayRunTheQueue) {
  const auto first = spool->lock_scheduler(0ms);
  ASSERT_TRUE(first && *first);
  const auto second = spool->lock_scheduler(0ms);
  EXPECT_TRUE(second && !*second);
}

TEST_F(Queue, TheServiceStopsOnSigtermAndGivesBackWhatIsUntried) {
  accounts({"bob"});
  process::SignalSource signals{SIGTERM};
  send({"bob@example.test"});
  std::thread service([&] { EXPECT_EQ(qrun(&signals, false), ExitStatus::ok); });
  while (messages() > 0) std::this_thread::yield();
  // Woken by the next message's commit, not by time.
  send({"bob@example.test"});
  while (messages() > 0) std::this_thread::yield();
  ::kill(::getpid(), SIGTERM);
  service.join();
  EXPECT_EQ(journal().size(), 2U);
}

TEST_F(Queue, TheSurveySaysWhatWouldBeDone) {
  accounts({"bob"});
  send({"bob@example.test", "a@remote.test"});
  std::FILE* out = std::tmpfile();
  must(print_plan(*spool, *addresses, clock.now(), out));
  std::rewind(out);
  const std::string text = read_all(::fileno(out), 10'000).value();
  std::fclose(out);
  EXPECT_NE(text.find("\t0\tbob@example.test\tdeliver to bob@example.test\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\t1\ta@remote.test\tsend by route direct\n"), std::string::npos) << text;
  EXPECT_TRUE(has_work(*spool, clock.now()).value());
}

}  // namespace
}  // namespace tubepost::qrun
