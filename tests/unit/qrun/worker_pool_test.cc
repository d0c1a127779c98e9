#include "qrun/worker_pool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "support/temporary_folder.h"
#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds patience{600'000};

// A pool with one fake worker and everything it said so far. Time stands still unless a test moves it.
class Pool : public testing::Test {
protected:
  void make(const std::string& program, const std::vector<std::string>& more = {}) {
    WorkerKind kind{"deliver", {program, journal()}, 1, 100};
    kind.argv.insert(kind.argv.end(), more.begin(), more.end());
    pool.emplace(kind, -1, logger);
  }
  void make() { make(FAKE_WORKER); }
  std::string journal() const { return folder + "/journal"; }
  void add(const std::vector<std::string>& mailboxes) {
    for (const std::string& mailbox : mailboxes) pool->add(job(mailbox, number++));
  }
  // Works until the pool has no jobs (or `done` says so), waiting on its descriptors only.
  void run(
      Milliseconds job_timeout = patience, const std::function<bool()>& done = [] { return false; }) {
    while (!pool->is_idle() && !done()) {
      take(pool->work(now, job_timeout));
      wait(job_timeout);
    }
  }
  void wait(Milliseconds job_timeout) const {
    const auto look = pool->next_look(job_timeout);
    if (pool->is_idle() || (look && *look <= now)) return;
    std::vector<pollfd> descriptors;
    pool->add_to(descriptors);
    ::poll(descriptors.data(), descriptors.size(), 1000);
  }
  void take(PoolNews found) {
    for (auto& answer : found.answers) answers.push_back(std::move(answer));
    for (auto& crash : found.crashes) crashes.push_back(std::move(crash));
    for (auto& back : found.given_back) given_back.push_back(std::move(back));
    why = found.why_given_back.empty() ? why : found.why_given_back;
  }
  std::size_t lines() const {
    const auto text = read_file(journal());
    return text ? static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n')) : 0;
  }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  std::string why;
  log::Logger logger{"test", log::Level::error, log::Format::logfmt, -1};
  std::optional<WorkerPool> pool;
  std::uint32_t number = 0;
  Milliseconds now{1'000'000};
  std::vector<std::pair<Job, Answer>> answers;
  std::vector<PoolNews::Crash> crashes;
  std::vector<Job> given_back;
};

TEST_F(Pool, EachJobIsAnswered) {
  make();
  add({"a@x.test", "defer@x.test", "fail@x.test"});
  run();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].second.status, Answer::Status::delivered);
  EXPECT_EQ(answers[1].second.status, Answer::Status::deferred);
  EXPECT_EQ(answers[2].second.code, (EnhancedStatus{5, 2, 2}));
}

TEST_F(Pool, AnswersMayComeInAnyOrder) {
  make(FAKE_WORKER, {"reverse"});
  for (int i = 0; i < 50; ++i) add({"user" + std::to_string(i) + "@x.test"});
  run();
  std::set<std::uint32_t> numbers;
  for (const auto& [job, answer] : answers) {
    EXPECT_EQ(job.claim.recipient.number, answer.key.recipient);
    numbers.insert(answer.key.recipient);
  }
  EXPECT_EQ(numbers.size(), 50U);
}

TEST_F(Pool, FullPipesOnBothSidesDoNotLockUp) {
  make();
  for (int i = 0; i < 3000; ++i) add({"defer@" + std::string(200, 'x') + ".test"});
  run();
  EXPECT_EQ(answers.size(), 3000U);
}

TEST_F(Pool, OnlyTheJobThatCrashesAloneIsBlamed) {
  make();
  add({"a@x.test", "b@x.test", "crash@x.test", "c@x.test", "d@x.test"});
  run();
  ASSERT_EQ(crashes.size(), 1U);
  EXPECT_EQ(crashes[0].job.mailbox, "crash@x.test");
  EXPECT_EQ(answers.size(), 4U);
  EXPECT_EQ(lines(), 4U);  // each was delivered once, though some jobs came twice
}

TEST_F(Pool, ASilentJobIsBlamedLikeACrash) {
  make();
  add({"hang@x.test", "a@x.test"});
  // Each look is an hour after the one before, so whoever has a job has been silent for too long.
  while (crashes.empty()) {
    take(pool->work(now, patience));
    wait(patience);
    now += 1h;
  }
  EXPECT_EQ(crashes[0].job.mailbox, "hang@x.test");
}

TEST_F(Pool, AKilledWorkerIsNobodysFault) {
  make();
  add({"kill@x.test"});
  run();
  EXPECT_TRUE(crashes.empty());
  ASSERT_EQ(given_back.size(), 1U);
}

TEST_F(Pool, AWorkerThatEndsByItselfIsNobodysFault) {
  make();
  add({"exit@x.test"});
  run();
  EXPECT_TRUE(crashes.empty());
  ASSERT_EQ(given_back.size(), 1U);
  EXPECT_EQ(why, "deliver ended with status 75");
}

TEST_F(Pool, AWorkerThatCannotBeStartedGivesItsJobsBackAndPauses) {
  make("/nowhere/deliver");
  add({"a@x.test", "b@x.test"});
  take(pool->work(now, patience));
  EXPECT_EQ(given_back.size(), 2U);
  EXPECT_TRUE(pool->is_broken());
  add({"c@x.test"});
  take(pool->work(now, patience));
  EXPECT_EQ(pool->jobs(), 1U);  // not tried before the pause is over
  EXPECT_GT(*pool->next_look(patience), now);
}

TEST_F(Pool, AProgramThatAlwaysCrashesDoesNotPoisonTheQueue) {
  make();
  for (int i = 0; i < 20; ++i) add({"crash@x.test"});
  run();
  EXPECT_LT(crashes.size(), 5U);
  EXPECT_EQ(crashes.size() + given_back.size(), 20U);
}

TEST_F(Pool, AnAnswerThatIsNoneEndsTheWorkerButBlamesNobody) {
  make();
  add({"garbage@x.test"});
  run();
  EXPECT_TRUE(crashes.empty());
  EXPECT_EQ(given_back.size(), 1U);
}

TEST_F(Pool, AJobThatCrashedBeforeRunsAlone) {
  make();
  Job suspect = job("crash@x.test", number++);
  suspect.claim.recipient.crashes = 1;
  pool->add(suspect);
  add({"a@x.test"});
  run();
  EXPECT_EQ(crashes.size(), 1U);
  EXPECT_EQ(pool->statistics().died, 1U);  // the other was not with it
}

TEST_F(Pool, RecordedOutcomesAreForgottenBeforeTheWorkerEnds) {
  make();
  add({"a@x.test"});
  run();
  pool->forget({answers[0].second.key});
  EXPECT_TRUE(pool->stop().empty());
  pool->end();
  while (!pool->has_ended()) {
    std::vector<pollfd> descriptors;
    pool->add_to(descriptors);
    ::poll(descriptors.data(), descriptors.size(), 1000);
    take(pool->work(now, patience));
  }
  EXPECT_NE(read_file(journal())->find("forget " + answers[0].second.key.id.to_text() + "/0\n"),
            std::string::npos);
}

TEST_F(Pool, AfterStopOnlyWhatWasGivenIsAwaited) {
  make();
  for (int i = 0; i < 250; ++i) add({"defer@x.test"});
  take(pool->work(now,
                  patience));  // gives a window of 100, and another if all of the first is answered already
  const std::size_t untried = pool->stop().size();
  run();
  EXPECT_GE(untried, 50U);
  EXPECT_EQ(answers.size() + untried, 250U);
}

}  // namespace
}  // namespace tubepost::qrun
