#include "lmdb/group_commit.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <latch>

#include "support/temporary_folder.h"

namespace tubepost::lmdb {
namespace {

using test_support::TemporaryFolder;

class GroupCommitTest : public testing::Test {
protected:
  static Environment open(const std::string& folder) {
    Environment::Options options;
    options.create = true;
    return std::move(*Environment::open(folder, options));
  }

  std::unique_ptr<GroupCommit> make(GroupCommit::Limits limits = {}) {
    return std::make_unique<GroupCommit>(
        environment_, [this] { ++after_commit_; }, [this] { ++commit_failed_; }, limits);
  }

  GroupCommit::Write put(const std::string& key) {
    return [this, key](WriteTransaction& t) -> Result<void> {
      t.put(table_, key, "");
      return {};
    };
  }
  GroupCommit::Write fail(const std::string& key) {
    return [this, key](WriteTransaction& t) -> Result<void> {
      t.put(table_, key, "");
      return Failure::permanent("bad " + key);
    };
  }

  // Hands in all writes while the committer is busy with one more, so that they become one batch (as far as
  // the limits allow), and gives their results in order.
  std::vector<Result<void>> in_one_batch(GroupCommit& commit, const std::vector<GroupCommit::Write>& writes) {
    std::latch busy(1), handed_in(1);
    std::thread first([&] {
      EXPECT_TRUE(commit.commit([&](WriteTransaction&) -> Result<void> {
        busy.count_down();
        handed_in.wait();
        return {};
      }));
    });
    busy.wait();
    std::vector<Result<void>> results(writes.size());
    std::vector<std::thread> threads;
    std::atomic<std::size_t> about_to{0};
    for (std::size_t i = 0; i < writes.size(); ++i)
      threads.emplace_back([&, i] {
        ++about_to;
        results[i] = commit.commit(writes[i]);
      });
    while (about_to < writes.size()) std::this_thread::yield();
    handed_in.count_down();
    for (auto& thread : threads) thread.join();
    first.join();
    return results;
  }

  std::uint64_t count() {
    return *environment_.read([&](ReadTransaction& t) { return t.count(table_); });
  }

  TemporaryFolder folder_;
  Environment environment_ = open(folder_.path());
  Table table_ = environment_.open_tables({"things"})->front();
  std::atomic<int> after_commit_{0}, commit_failed_{0};
};

TEST_F(GroupCommitTest, IsDurableWhenItReturns) {
  auto commit = make();
  EXPECT_TRUE(commit->commit(put("a")));
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(after_commit_, 1);
  EXPECT_EQ(commit_failed_, 0);
}

TEST_F(GroupCommitTest, WhoIsAloneCommitsOnHisOwnThread) {
  auto commit = make();
  std::thread::id where;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(commit->commit([&](WriteTransaction& t) -> Result<void> {
      where = std::this_thread::get_id();
      t.put(table_, std::to_string(i), "");
      return {};
    }));
    EXPECT_EQ(where, std::this_thread::get_id());
  }
  EXPECT_EQ(count(), 3U);
  EXPECT_EQ(after_commit_, 3);
}

TEST_F(GroupCommitTest, SignalsAreBlockedInAWriteAndNotAfterIt) {
  auto commit = make();
  sigset_t inside{}, after{};
  EXPECT_TRUE(commit->commit([&](WriteTransaction&) -> Result<void> {
    ::pthread_sigmask(SIG_BLOCK, nullptr, &inside);
    return {};
  }));
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  EXPECT_EQ(sigismember(&inside, SIGTERM), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
}

TEST_F(GroupCommitTest, ServesManyThreads) {
  constexpr int threads = 50, each = 40;
  auto commit = make();
  std::vector<std::thread> all;
  std::atomic<int> good{0};
  for (int thread = 0; thread < threads; ++thread)
    all.emplace_back([&, thread] {
      for (int i = 0; i < each; ++i)
        if (commit->commit(put(std::to_string(thread) + '/' + std::to_string(i)), 100)) ++good;
    });
  for (auto& thread : all) thread.join();
  EXPECT_EQ(good, threads * each);
  EXPECT_EQ(count(), static_cast<std::uint64_t>(threads * each));
  EXPECT_LT(after_commit_, threads * each);  // they shared their commits
}

TEST_F(GroupCommitTest, LetsOneBadWriteFailAlone) {
  auto commit = make();
  std::vector<GroupCommit::Write> writes;
  for (int i = 0; i < 20; ++i) writes.push_back(i == 7 ? fail("bad") : put("good " + std::to_string(i)));
  const auto results = in_one_batch(*commit, writes);
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i != 7) << i;
  EXPECT_EQ(results[7].error().text, "bad bad");
  EXPECT_EQ(count(), 19U);
  EXPECT_EQ(commit_failed_, 0);
}

TEST_F(GroupCommitTest, LetsOneThrowingWriteFailAlone) {
  auto commit = make();
  const auto too_long = [this](WriteTransaction& t) -> Result<void> {
    t.put(table_, std::string(512, 'x'), "");
    return {};
  };
  const auto results = in_one_batch(*commit, {put("a"), too_long, put("b")});
  EXPECT_TRUE(results[0] && results[2]);
  EXPECT_FALSE(results[1]);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(commit_failed_, 0);
}

TEST_F(GroupCommitTest, SaysThatSomethingIsDurableAfterSingleRunsToo) {
  auto commit = make();
  const auto results = in_one_batch(*commit, {put("a"), fail("b")});
  EXPECT_TRUE(results[0]);
  EXPECT_GE(after_commit_, 2);  // the busy one, and this batch
}

TEST_F(GroupCommitTest, SaysNothingWhereNothingBecameDurable) {
  auto commit = make();
  EXPECT_FALSE(commit->commit(fail("a")));
  EXPECT_EQ(after_commit_, 0);
  EXPECT_EQ(commit_failed_, 0);
  EXPECT_EQ(count(), 0U);
}

TEST_F(GroupCommitTest, EndsABatchAtItsLimits) {
  auto commit = make({3, 8 << 20});
  std::vector<GroupCommit::Write> writes;
  for (int i = 0; i < 9; ++i) writes.push_back(put(std::to_string(i)));
  in_one_batch(*commit, writes);
  EXPECT_GE(after_commit_, 1 + 3);
  EXPECT_EQ(count(), 9U);
}

TEST_F(GroupCommitTest, TakesAWriteThatIsLargerThanTheLimit) {
  auto commit = make({200, 1000});
  EXPECT_TRUE(commit->commit(put("a"), 1'000'000));
}

// The file may not grow: LMDB finds out when it writes the pages, which is in the commit.
class FileMayNotGrow {
public:
  FileMayNotGrow() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 1;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FileMayNotGrow() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
  rlimit before_{};
};

TEST_F(GroupCommitTest, TellsEveryWaiterOfAFailedCommitAndTheProcessOnce) {
  auto commit = make();
  EXPECT_TRUE(commit->commit(put("before")));
  {
    const FileMayNotGrow limit;
    for (const auto& result : in_one_batch(*commit, {put("a"), put("b")})) EXPECT_FALSE(result);
    EXPECT_FALSE(commit->commit(put("c")));
  }
  EXPECT_EQ(commit_failed_, 1);
  EXPECT_EQ(after_commit_, 2);  // "before", and the empty commit of in_one_batch
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace tubepost::lmdb
