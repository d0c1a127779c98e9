#include "greylist/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "greylist/commands.h"
#include "support/temporary_folder.h"

namespace tubepost::greylist {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class GreylistStore : public testing::Test {
protected:
  GreylistStore() { reopen(); }
  void reopen() {
    store_.reset();
    auto opened = Store::open(folder_.path() + "/greylist", clock_);
    if (!opened) ADD_FAILURE() << opened.error().text;
    store_ = std::move(*opened);
  }
  Outcome ask(const std::string& client = "192.0.2.7", const std::string& sender = "a@b.test") {
    auto step = store_->ask({client, sender, "c@d.test"}, parameters_);
    if (!step) {
      ADD_FAILURE() << step.error().text;
      return Outcome::exempt;
    }
    return step->outcome;
  }
  void commit() { ASSERT_TRUE(store_->commit(parameters_)); }
  std::uint64_t counted(Count what) { return store_->report()->statistics[what]; }
  std::string output(const std::function<Result<ExitStatus>(Commands&)>& run) {
    std::ostringstream out;
    Commands commands(*store_, parameters_, out, Style::tabs);
    const auto done = run(commands);
    EXPECT_TRUE(done);
    return out.str();
  }

  test_support::TemporaryFolder folder_;
  ManualClock clock_;
  Parameters parameters_;
  std::unique_ptr<Store> store_;
};

TEST_F(GreylistStore, WhatIsCommittedOutlivesTheProcess) {
  EXPECT_EQ(ask(), Outcome::first);
  commit();
  reopen();
  clock_.advance(minutes(60));
  EXPECT_EQ(ask(), Outcome::came_back);
  commit();
  reopen();
  EXPECT_EQ(ask(), Outcome::known);
}

TEST_F(GreylistStore, ACrashBeforeTheCommitCostsOneMoreDelay) {
  EXPECT_EQ(ask(), Outcome::first);
  reopen();
  clock_.advance(minutes(60));
  EXPECT_EQ(ask(), Outcome::first);
}

TEST_F(GreylistStore, WhatIsNotYetCommittedCounts) {
  EXPECT_EQ(ask(), Outcome::first);
  EXPECT_TRUE(store_->has_waiting());
  EXPECT_EQ(ask(), Outcome::early);
  clock_.advance(minutes(60));
  EXPECT_EQ(ask(), Outcome::came_back);
  commit();
  EXPECT_FALSE(store_->has_waiting());
  EXPECT_EQ(ask(), Outcome::known);
  EXPECT_FALSE(store_->has_waiting());
}

TEST_F(GreylistStore, ExpiredRecordsAreForgottenALittleWithEachCommit) {
  const std::size_t many = sweep_rows + 10;
  for (std::size_t i = 0; i < many; ++i) ask("192.0.2.7", std::to_string(i) + "@b.test");
  commit();
  clock_.advance(hours(4));
  for (int round = 0; round < 3; ++round) commit();
  EXPECT_TRUE(store_->rows_after("", "")->empty());
  EXPECT_EQ(counted(Count::never), many);
}

TEST_F(GreylistStore, PurgeForgetsAllThatHasExpiredAtOnce) {
  for (std::size_t i = 0; i < 2 * sweep_rows + 10; ++i) ask("192.0.2.7", std::to_string(i) + "@b.test");
  commit();
  clock_.advance(hours(4));
  ask("192.0.2.8");
  commit();
  EXPECT_EQ(output([](Commands& c) { return c.purge(); }),
            "purged\t" + std::to_string(sweep_rows + 10) + "\n")
      << "the commit before has swept the rest";
  EXPECT_EQ(store_->rows_after("", "")->size(), 1u);
}

TEST_F(GreylistStore, StatisticsSayWhatCameBackAndWhatNeverDid) {
  ask("192.0.2.1");                    // never again
  ask("192.0.2.2"), ask("192.0.2.2");  // only too early
  ask("192.0.2.3");
  clock_.advance(minutes(70));
  ask("192.0.2.3");
  commit();
  clock_.advance(hours(4));
  commit(), commit();
  EXPECT_EQ(counted(Count::first), 3u);
  EXPECT_EQ(counted(Count::early), 1u);
  EXPECT_EQ(counted(Count::came_back), 1u);
  EXPECT_EQ(counted(Count::never), 1u);
  EXPECT_EQ(counted(Count::only_early), 1u);
  EXPECT_EQ(store_->report()->statistics.returned_within(0.5), 4500u) << "70 minutes are at most 75";
  reopen();
  EXPECT_EQ(counted(Count::requests), 5u);
}

TEST_F(GreylistStore, AClientThatCameBackOftenEnoughIsExempt) {
  parameters_.exempt_after = 2;
  for (const char* sender : {"1@b.test", "2@b.test"}) ask("192.0.2.7", sender);
  clock_.advance(minutes(60));
  EXPECT_EQ(ask("192.0.2.7", "1@b.test"), Outcome::came_back);
  EXPECT_EQ(ask("192.0.2.7", "3@b.test"), Outcome::first) << "one is not enough";
  EXPECT_EQ(ask("192.0.2.7", "2@b.test"), Outcome::came_back);
  EXPECT_EQ(ask("192.0.2.7", "4@b.test"), Outcome::exempt);
  EXPECT_EQ(ask("192.0.2.8", "4@b.test"), Outcome::first);
  commit();
  reopen();
  EXPECT_EQ(ask("192.0.2.7", "5@b.test"), Outcome::exempt);
  clock_.advance(hours(24 * 36));
  EXPECT_EQ(ask("192.0.2.7", "6@b.test"), Outcome::first) << "36 days from the last use";
}

TEST_F(GreylistStore, ByDefaultNobodyIsExempt) {
  for (int i = 0; i < 20; ++i) ask("192.0.2.7", std::to_string(i));
  clock_.advance(minutes(60));
  for (int i = 0; i < 20; ++i) ask("192.0.2.7", std::to_string(i));
  EXPECT_EQ(ask("192.0.2.7", "new"), Outcome::first);
}

TEST_F(GreylistStore, BeyondTheLimitTheUnknownAreLetThrough) {
  parameters_.records_max = 3;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("192.0.2.7", std::to_string(i)), Outcome::first);
  EXPECT_FALSE(store_->ask({"192.0.2.7", "one too many", "c@d.test"}, parameters_));
  EXPECT_EQ(ask("192.0.2.7", "1"), Outcome::early) << "those that have a record are judged as ever";
  commit();
  EXPECT_FALSE(store_->ask({"192.0.2.7", "one too many", "c@d.test"}, parameters_));
}

TEST_F(GreylistStore, ARecordThatAnotherProcessRemovedStaysRemoved) {
  ask();
  commit();
  EXPECT_EQ(ask(), Outcome::early);  // waits to be written
  ASSERT_TRUE(store_->remove({triplet_key({"192.0.2.7", "a@b.test", "c@d.test"})}));
  commit();
  EXPECT_EQ(ask(), Outcome::first);
}

TEST_F(GreylistStore, WhoeverCommitsHearsWhenHalfOfWhatMayWaitDoes) {
  int calls = 0;
  store_->call_when_half_full([&calls] { ++calls; });
  const auto ask_many = [&](const std::string& client, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ask(client, std::to_string(i));
  };
  ask_many("192.0.2.1", waiting_max / 2 - 1);
  EXPECT_EQ(calls, 0);
  ask_many("192.0.2.1", 10);  // known already
  EXPECT_EQ(calls, 0);
  ask_many("192.0.2.2", 10);
  EXPECT_EQ(calls, 1);
  commit();
  ask_many("192.0.2.3", waiting_max / 2);
  EXPECT_EQ(calls, 2);
}

TEST_F(GreylistStore, ManyThreadsAgree) {
  std::atomic<int> firsts{0};
  std::atomic<bool> done{false};
  std::thread committer([&] {
    while (!done) (void)store_->commit(parameters_);
  });
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto step = store_->ask({"192.0.2.7", std::to_string(i), "c@d.test"}, parameters_);
        if (step && step->outcome == Outcome::first) ++firsts;
      }
    });
  for (auto& thread : threads) thread.join();
  done = true;
  committer.join();
  EXPECT_EQ(firsts, 500) << "each triplet is new to one of the threads";
}

TEST_F(GreylistStore, WhatWaitsIsBounded) {
  for (std::size_t i = 0; i < waiting_max + 1; ++i) ask("192.0.2.7", std::to_string(i));
  EXPECT_GE(store_->rows_after("", "")->size(), sweep_rows) << "the last one made room by a commit";
}

TEST_F(GreylistStore, ListAndRemoveTakeFilters) {
  ask("192.0.2.7", "a@b.test");
  ask("192.0.2.8", "x@y.test");
  commit();
  Filter filter;
  filter.sender = "*@Y.test";
  EXPECT_EQ(
      output([&](Commands& c) { return c.list(filter); }),
      "192.0.2.8\t<x@y.test>\tc@d.test\tpending\t1\t2023-11-14T22:13:20.000Z\t2023-11-14T22:13:20.000Z\n");
  EXPECT_EQ(output([&](Commands& c) { return c.remove(filter); }), "removed\t1\n");
  EXPECT_EQ(output([&](Commands& c) { return c.list(filter); }), "");
  filter = {};
  filter.state = "passed";
  EXPECT_EQ(output([&](Commands& c) { return c.list(filter); }), "");
  filter.state = "pending";
  EXPECT_NE(output([&](Commands& c) { return c.list(filter); }), "");
}

TEST_F(GreylistStore, ADamagedRecordIsForgotten) {
  lmdb::Environment::Options options;
  store_.reset();
  {
    auto environment = lmdb::Environment::open(folder_.path() + "/greylist", options);
    ASSERT_TRUE(environment);
    const auto tables = environment->open_tables({"records"});
    ASSERT_TRUE(environment->write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      transaction.put((*tables)[0], triplet_key({"192.0.2.7", "a@b.test", "c@d.test"}), "junk");
      return {};
    }));
  }
  reopen();
  commit(), commit();
  EXPECT_TRUE(store_->rows_after("", "")->empty());
  EXPECT_EQ(ask(), Outcome::first);
}

}  // namespace
}  // namespace tubepost::greylist
