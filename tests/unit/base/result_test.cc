#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace tubepost {
namespace {

TEST(Result, HoldsAValueOrAFailure) {
  const Result<int> good = 7;
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, 7);
  const Result<int> bad = Failure::temporary("later", {4, 3, 1});
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().text, "later");
  EXPECT_EQ(bad.error().retry, Retry::later);
}

TEST(Result, MayHoldWhatOnlyMoves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, GivesAnotherValueInstead) {
  EXPECT_EQ(Result<int>(1).value_or(2), 1);
  EXPECT_EQ(Result<int>(Failure::permanent("")).value_or(2), 2);
}

TEST(Result, OfNothingIsGoodUnlessAFailure) {
  EXPECT_TRUE(Result<void>());
  const Result<void> bad = Failure::permanent("no");
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().status, (EnhancedStatus{5, 3, 0}));
}

TEST(ResultDeathTest, AskedForWhatIsNotThereIsABug) {
  EXPECT_DEATH((void)Result<int>(Failure::permanent("")).value(), "");
  EXPECT_DEATH((void)Result<int>(1).error(), "");
}

TEST(Failure, SaysWhatWasBeingDone) {
  EXPECT_EQ(Failure::temporary("disk full").while_doing("spool").text, "spool: disk full");
}

TEST(EnhancedStatus, IsThreeNumbers) {
  EXPECT_EQ(to_string(EnhancedStatus{5, 1, 1}), "5.1.1");
  EXPECT_EQ(parse_enhanced_status("4.999.12"), (EnhancedStatus{4, 999, 12}));
  // RFC 3463 2: the class is 2, 4 or 5; subject and detail have one to three digits.
  for (const char* bad :
       {"", "5.1", "5.1.1.1", "3.1.1", "5.1000.1", "5..1", "5.1.1 ", " 5.1.1", "5.-1.1", "5.1.x"})
    EXPECT_EQ(parse_enhanced_status(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace tubepost
