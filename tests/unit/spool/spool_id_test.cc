#include "spool/spool_id.h"

#include <gtest/gtest.h>

#include <set>

namespace tubepost::spool {
namespace {

TEST(SpoolId, HasTwentySixCharactersOfTheAlphabet) {
  const std::string text = SpoolId::make(SystemClock()).to_text();
  EXPECT_EQ(text.size(), 26U);
  EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
}

TEST(SpoolId, IsTheSameAfterWritingAndParsing) {
  for (int i = 0; i < 1000; ++i) {
    const SpoolId id = SpoolId::make(SystemClock());
    const auto parsed = SpoolId::parse(id.to_text());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, id);
    EXPECT_EQ(SpoolId::from_bytes(id.bytes()), id);
  }
}

TEST(SpoolId, HasOneNameOnly) {
  std::string text = SpoolId::make(ManualClock()).to_text();
  const char last = text.back();
  text.back() =
      last == 'z' ? 'y'
                  : static_cast<char>(last == '7' ? 'a' : last + 1);  // one of the two bits that must be zero
  EXPECT_FALSE(SpoolId::parse(text));
  EXPECT_FALSE(SpoolId::parse(""));
  EXPECT_FALSE(SpoolId::parse(std::string(25, 'a')));
  EXPECT_FALSE(SpoolId::parse(std::string(27, 'a')));
  EXPECT_FALSE(SpoolId::parse(std::string(25, 'a') + "A"));
  EXPECT_FALSE(SpoolId::parse(std::string(25, 'a') + "1"));
}

TEST(SpoolId, KeepsItsTime) {
  const ManualClock clock;
  EXPECT_EQ(SpoolId::make(clock).time(), clock.now());
}

TEST(SpoolId, IdsAndTheirNamesSortByTime) {
  ManualClock clock;
  SpoolId before = SpoolId::make(clock);
  for (int i = 0; i < 2000; ++i) {
    clock.advance(Milliseconds(1 + i * 37));
    const SpoolId after = SpoolId::make(clock);
    EXPECT_LT(before, after);
    EXPECT_LT(before.to_text(), after.to_text());
    before = after;
  }
}

TEST(SpoolId, DerivedOnesAreTheSameForTheSameInputsAndDifferOtherwise) {
  const SpoolId parent = SpoolId::make(ManualClock());
  EXPECT_EQ(SpoolId::derive(parent, 3, 1), SpoolId::derive(parent, 3, 1));
  std::set<SpoolId> all{parent, SpoolId::make(ManualClock())};
  for (std::uint32_t recipient = 0; recipient < 50; ++recipient) {
    for (std::uint32_t ordinal = 0; ordinal < 50; ++ordinal)
      all.insert(SpoolId::derive(parent, recipient, ordinal));
  }
  EXPECT_EQ(all.size(), 2502U);
  EXPECT_EQ(SpoolId::derive(parent, 0, 0).time(), parent.time());
}

}  // namespace
}  // namespace tubepost::spool
