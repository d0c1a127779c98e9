#include "greylist/decision.h"

#include <gtest/gtest.h>

namespace tubepost::greylist {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Days = std::chrono::duration<int, std::ratio<86400>>;

class GreylistDecision : public testing::Test {
protected:
  Outcome ask() {
    const auto step = decide(entry_, clock_.now(), parameters_);
    entry_ = step.entry;
    wait_ = step.wait;
    changed_ = step.changed;
    return step.outcome;
  }
  ManualClock clock_;
  Parameters parameters_;
  std::optional<Entry> entry_;
  seconds wait_{0};
  bool changed_ = false;
};

TEST_F(GreylistDecision, AStrangerIsHeldOffForTheBlock) {
  EXPECT_EQ(ask(), Outcome::first);
  EXPECT_EQ(wait_, minutes(60));
  clock_.advance(minutes(59));
  EXPECT_EQ(ask(), Outcome::early);
  EXPECT_EQ(wait_, minutes(1));
  clock_.advance(minutes(1));
  EXPECT_EQ(ask(), Outcome::came_back);
  EXPECT_EQ(wait_, minutes(60));
  EXPECT_EQ(ask(), Outcome::known);
}

TEST_F(GreylistDecision, TheBlockCountsFromTheFirstAttempt) {
  ask();
  clock_.advance(minutes(30));
  EXPECT_EQ(ask(), Outcome::early);
  clock_.advance(minutes(30));
  EXPECT_EQ(ask(), Outcome::came_back);
}

TEST_F(GreylistDecision, WhoComesBackTooLateIsAStrangerAgain) {
  ask();
  clock_.advance(minutes(240) - seconds(1));
  auto in_time = *this->entry_;
  EXPECT_EQ(decide(in_time, clock_.now(), parameters_).outcome, Outcome::came_back);
  clock_.advance(seconds(1));
  EXPECT_EQ(ask(), Outcome::first);
}

TEST_F(GreylistDecision, APassLivesThirtySixDaysFromItsLastUse) {
  ask();
  clock_.advance(minutes(60));
  ask();
  clock_.advance(Days(35));
  EXPECT_EQ(ask(), Outcome::known);
  clock_.advance(Days(35));
  EXPECT_EQ(ask(), Outcome::known);
  clock_.advance(Days(36));
  EXPECT_EQ(ask(), Outcome::first);
}

TEST_F(GreylistDecision, ABusyCorrespondentIsNotWrittenDownEachTime) {
  ask();
  clock_.advance(minutes(60));
  ask();
  clock_.advance(minutes(1));
  EXPECT_EQ(ask(), Outcome::known);
  EXPECT_FALSE(changed_);
  clock_.advance(use_granularity(parameters_) + seconds(1));
  ask();
  EXPECT_TRUE(changed_);
}

TEST_F(GreylistDecision, ABlockOfZeroHoldsNobodyOff) {
  parameters_.block = seconds(0);
  EXPECT_EQ(ask(), Outcome::known);
  EXPECT_TRUE(entry_->passed.has_value());
}

TEST_F(GreylistDecision, AClockSetBackLetsNobodyThroughAndForgetsNobody) {
  ask();
  clock_.set_wall(clock_.now() - minutes(600));
  EXPECT_EQ(ask(), Outcome::early);
  EXPECT_EQ(wait_, minutes(60));
}

TEST_F(GreylistDecision, AFirstAttemptNotedByAClockThatWasAheadHoldsNobodyOffUntilThen) {
  ask();
  clock_.set_wall(clock_.now() - Days(108));
  EXPECT_EQ(ask(), Outcome::early);
  clock_.advance(minutes(60));
  EXPECT_EQ(ask(), Outcome::came_back) << "the block counts from the attempt after the clock was set";
}

TEST_F(GreylistDecision, AttemptsAreCounted) {
  ask(), ask(), ask();
  EXPECT_EQ(entry_->count, 3u);
}

}  // namespace
}  // namespace tubepost::greylist
