#include "spool/retry_schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace tubepost::spool {
namespace {

using namespace std::chrono_literals;

const Timestamp accepted(Milliseconds(1'700'000'000'000));
const SpoolId id = SpoolId::from_bytes("0123456789abcdef");
const RetryPolicy policy{{5min, 10min, 1h}, std::chrono::hours(120)};

TEST(RetrySchedule, TheFirstAttemptIsAtAcceptance) {
  EXPECT_EQ(planned_attempt(id, accepted, 0, policy), accepted);
}

TEST(RetrySchedule, EachStepIsWithinATenthOfThePolicy) {
  for (unsigned attempts = 0; attempts < 50; ++attempts) {
    const Milliseconds step =
        planned_attempt(id, accepted, attempts + 1, policy) - planned_attempt(id, accepted, attempts, policy);
    const Milliseconds plain = policy.steps[std::min<std::size_t>(attempts, 2)];
    EXPECT_GE(step, plain * 9 / 10) << attempts;
    EXPECT_LE(step, plain * 11 / 10) << attempts;
  }
}

TEST(RetrySchedule, TheSameInputsGiveTheSameTime) {
  EXPECT_EQ(next_attempt(id, accepted, 3, accepted + 20min, policy),
            next_attempt(id, accepted, 3, accepted + 20min, policy));
}

TEST(RetrySchedule, MessagesAcceptedTogetherDoNotComeBackTogether) {
  std::set<Timestamp> times;
  for (char c = 'a'; c <= 'z'; ++c)
    times.insert(
        planned_attempt(SpoolId::from_bytes("0123456789abcde" + std::string(1, c)), accepted, 1, policy));
  EXPECT_GT(times.size(), 20U);
}

TEST(RetrySchedule, JitterGoesBothWays) {
  bool earlier = false, later = false;
  for (unsigned attempts = 1; attempts < 40; ++attempts) {
    const auto step = planned_attempt(id, accepted, attempts + 3, policy) -
                      planned_attempt(id, accepted, attempts + 2, policy);
    earlier = earlier || step < 1h;
    later = later || step > 1h;
  }
  EXPECT_TRUE(earlier && later);
}

TEST(RetrySchedule, AnAttemptOnTimeIsFollowedByTheNextOfTheSeries) {
  const Timestamp second = planned_attempt(id, accepted, 1, policy);
  EXPECT_EQ(next_attempt(id, accepted, 2, second + 1s, policy), planned_attempt(id, accepted, 2, policy));
}

TEST(RetrySchedule, TimesMissedInAnOutageAreNotMadeUpFor) {
  const Timestamp now = accepted + std::chrono::hours(24);
  const Timestamp next = next_attempt(id, accepted, 1, now, policy);
  EXPECT_GT(next, now);
  EXPECT_LE(next, now + 66min);
}

TEST(RetrySchedule, IsAlwaysInTheFutureWhateverTheClockSays) {
  const Timestamp now = accepted + std::chrono::hours(24 * 365 * 50);
  EXPECT_EQ(next_attempt(id, accepted, 1, now, policy), now + 10min);
  EXPECT_GT(next_attempt(id, accepted, 4'000'000'000U, accepted, policy), accepted);
}

TEST(RetrySchedule, OnlyAnAttemptBegunAfterTheDeadlineIsTheLast) {
  EXPECT_FALSE(is_last_attempt(accepted, accepted + policy.expire - 1ms, policy));
  EXPECT_TRUE(is_last_attempt(accepted, accepted + policy.expire, policy));
}

}  // namespace
}  // namespace tubepost::spool
