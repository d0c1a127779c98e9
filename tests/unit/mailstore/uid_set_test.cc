#include "mailstore/uid_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tubepost::mailstore {
namespace {

using Numbers = std::set<Uid>;

UidSet to_set(const Numbers& numbers) {
  UidSet set;
  for (const Uid uid : numbers) set.add(uid);
  return set;
}
Numbers to_numbers(const UidSet& set) {
  Numbers numbers;
  for (const auto& range : set.ranges())
    for (Uid uid = range.first; uid <= range.last; ++uid) numbers.insert(uid);
  return numbers;
}

TEST(UidSet, JoinsWhatTouchesAndKeepsOrder) {
  UidSet set{{5, 6}, {1, 2}};
  EXPECT_EQ(set.ranges().size(), 2U);
  set.add(UidRange{3, 4});
  EXPECT_EQ(set, (UidSet{{1, 6}}));
  set.add(UidRange{6, uid_max});
  EXPECT_EQ(set, (UidSet{{1, uid_max}}));
  set.add(UidRange{9, 8});
  EXPECT_EQ(set.size(), uid_max);
}

TEST(UidSet, EndsAtTheLastNumber) {
  UidSet set{{uid_max, uid_max}};
  set.add(uid_max - 1);
  EXPECT_EQ(set, (UidSet{{uid_max - 1, uid_max}}));
  EXPECT_EQ(set.from(uid_max), (UidSet{{uid_max, uid_max}}));
  set.remove(UidSet{{uid_max, uid_max}});
  EXPECT_EQ(set, (UidSet{{uid_max - 1, uid_max - 1}}));
}

// Each operation is that of a plain set.
TEST(UidSet, IsASet) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    Numbers a, b;
    for (auto* const numbers : {&a, &b})
      for (auto left = random() % 40; left > 0; --left) numbers->insert(static_cast<Uid>(1 + random() % 60));
    Numbers both, only, joined = a;
    joined.insert(b.begin(), b.end());
    for (const Uid uid : a) (b.contains(uid) ? both : only).insert(uid);
    const UidSet x = to_set(a), y = to_set(b);
    EXPECT_EQ(to_numbers(x), a);
    EXPECT_EQ(to_numbers(x.intersection(y)), both);
    EXPECT_EQ(to_numbers(x.without(y)), only);
    UidSet sum = x;
    sum.add(y);
    EXPECT_EQ(sum, to_set(joined));
    EXPECT_EQ(x.size(), a.size());
    const Uid from = static_cast<Uid>(random() % 70);
    EXPECT_EQ(to_numbers(x.from(from)), Numbers(a.lower_bound(from), a.end()));
    std::uint32_t sequence = 0;
    SequenceWalk walk(x);
    for (Uid uid = 1; uid <= 60; ++uid) {
      EXPECT_EQ(x.contains(uid), a.contains(uid));
      const auto expected = a.contains(uid) ? std::optional<std::uint32_t>(++sequence) : std::nullopt;
      EXPECT_EQ(x.sequence_of(uid), expected);
      EXPECT_EQ(walk.sequence_of(uid), expected);
      if (expected) {
        EXPECT_EQ(x.uid_at(sequence), uid);
      }
    }
    EXPECT_FALSE(x.uid_at(sequence + 1));
    EXPECT_FALSE(x.uid_at(0));
    EXPECT_EQ(x.at(x.sequences_of(y)), x.intersection(y));
    EXPECT_EQ(x.sequences_of(x).size(), a.size());
  }
}

}  // namespace
}  // namespace tubepost::mailstore
