#include "policy/rate_limit.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace tubepost::policy {
namespace {

using Answer = RateLimits::Answer;
using std::chrono::minutes;

TEST(RateLimits, CountUpToTheLimit) {
  ManualClock clock;
  RateLimits limits(clock);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limits.take("messages", "192.0.2.7", 1, 3), Answer::within);
  EXPECT_EQ(limits.take("messages", "192.0.2.7", 1, 3), Answer::exceeded_now);
  EXPECT_EQ(limits.take("messages", "192.0.2.7", 1, 3), Answer::exceeded) << "reported once";
  EXPECT_EQ(limits.take("messages", "192.0.2.8", 1, 3), Answer::within);
  EXPECT_EQ(limits.take("recipients", "192.0.2.7", 1, 3), Answer::within) << "another kind";
  EXPECT_EQ(limits.count("messages", "192.0.2.7"), 3u) << "what was refused is not counted";
}

TEST(RateLimits, ALimitOfZeroIsNone) {
  ManualClock clock;
  RateLimits limits(clock);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.take("messages", "x", 1000, 0), Answer::within);
}

TEST(RateLimits, TheHourSlides) {
  ManualClock clock;
  RateLimits limits(clock);
  EXPECT_EQ(limits.take("messages", "x", 100, 100), Answer::within);
  clock.advance(minutes(60));
  EXPECT_EQ(limits.take("messages", "x", 1, 100), Answer::exceeded_now) << "all of it lies in the last hour";
  clock.advance(minutes(30));
  EXPECT_EQ(limits.take("messages", "x", 50, 100), Answer::within);
  EXPECT_EQ(limits.take("messages", "x", 1, 100), Answer::exceeded);
  clock.advance(minutes(120));
  EXPECT_EQ(limits.count("messages", "x"), 0u);
  EXPECT_EQ(limits.take("messages", "x", 100, 100), Answer::within);
}

TEST(RateLimits, AWallClockThatIsSetChangesNothing) {
  ManualClock clock;
  RateLimits limits(clock);
  limits.take("messages", "x", 100, 100);
  clock.set_wall(clock.now() + std::chrono::hours(48));
  EXPECT_EQ(limits.take("messages", "x", 1, 100), Answer::exceeded_now);
}

TEST(RateLimits, WorkersCountTogether) {
  ManualClock clock;
  RateLimits limits(clock);
  for (int worker = 0; worker < 3; ++worker) {
    const pid_t child = ::fork();
    if (child == 0) {
      limits.take("messages", "alice@example.test", 1, 3);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
  EXPECT_EQ(limits.count("messages", "alice@example.test"), 3u);
  EXPECT_EQ(limits.take("messages", "alice@example.test", 1, 3), Answer::exceeded_now);
}

TEST(RateLimits, AFloodOfStrangersForgetsTheOldestOnly) {
  ManualClock clock;
  RateLimits limits(clock, 64);
  for (int i = 0; i < 10'000; ++i) {
    limits.take("messages", "stranger " + std::to_string(i), 1, 10);
    limits.take("messages", "busy", 1, 20'000);
  }
  EXPECT_EQ(limits.count("messages", "busy"), 10'000u) << "whoever is in use keeps the place";
}

TEST(RateLimits, ManyThreadsCountTogether) {
  ManualClock clock;
  RateLimits limits(clock);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) limits.take("messages", "x", 1, 1'000'000);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(limits.count("messages", "x"), 4000u);
}

}  // namespace
}  // namespace tubepost::policy
