// What is told of a mailbox that has changed, and scans of it.
#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

TEST(ChangesSince, NamesWhatIsNewChangedAndGone) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two", "three", "four"});
  const auto known = store->status(box)->highest_modseq;
  store->expunge(box, one(2)).value();
  store->store_flags(box, one(3), adding({seen, {}})).value();
  append(*store, box, {"five"});
  const auto changes = *store->changes_since(box, known);
  EXPECT_EQ(changes.vanished, one(2));
  EXPECT_EQ(changes.changed, (UidSet{{3, 3}, {5, 5}}));
  EXPECT_EQ(changes.uids, (UidSet{{1, 1}, {3, 5}}));
  EXPECT_TRUE(changes.complete_log);
  const auto none = *store->changes_since(box, changes.status.highest_modseq);
  EXPECT_TRUE(none.changed.empty() && none.vanished.empty());
  EXPECT_TRUE(store->changes_since(box, UINT64_MAX)->vanished.empty());
}

TEST(ChangesSince, BeforeTheLogBeginsNamesAllThatIsNotThere) {
  Store store;
  const auto box = crowd(store, 40'010);
  const auto known = store->status(box)->highest_modseq;
  UidSet odd;
  for (Uid uid = 1; uid <= 40'001; uid += 2) odd.add(uid);
  ASSERT_EQ(store->expunge(box, odd)->uids, odd) << "20,001 ranges: one more than the log keeps";
  const auto changes = *store->changes_since(box, known);
  EXPECT_FALSE(changes.complete_log);
  EXPECT_EQ(changes.vanished, odd);
  EXPECT_TRUE(store->changes_since(box, known + 1)->complete_log);
  store->expunge(box, one(2)).value();
  EXPECT_EQ(store->changes_since(box, known + 1)->vanished, one(2));
  EXPECT_TRUE(store.check().empty());
}

TEST(ChangesSince, TheOldestHalfOfAFullLogGoes) {
  Store store;
  const auto box = crowd(store, 40'020);
  const auto known = store->status(box)->highest_modseq;
  UidSet low, high;
  for (Uid uid = 1; uid <= 20'000; uid += 2) low.add(uid);
  for (Uid uid = 20'001; uid <= 40'000; uid += 2) high.add(uid);
  ASSERT_TRUE(store->expunge(box, low).has_value());
  ASSERT_TRUE(store->expunge(box, high).has_value());
  EXPECT_TRUE(store->changes_since(box, known)->complete_log) << "20,000 ranges fit";
  ASSERT_TRUE(store->expunge(box, one(40'010)).has_value());
  EXPECT_FALSE(store->changes_since(box, known)->complete_log);
  EXPECT_TRUE(store->changes_since(box, known + 2)->complete_log);
  EXPECT_EQ(store->changes_since(box, known + 2)->vanished, one(40'010));
  EXPECT_TRUE(store.check().empty());
}

TEST(Scan, StopsWhenToldAndGoesOnWhereItStopped) {
  Store store;
  const auto box = crowd(store, 5000);
  UidSet rest{{10, 2000}, {2002, 2003}, {4990, 9999}};
  const auto all = rest.intersection(uids(1, 5000));
  UidSet visited;
  for (int turns = 0; turns < 100; ++turns) {
    int left = 77;
    const auto next = *store->scan(box, rest, With::records, [&](const Scanned& scanned) {
      visited.add(scanned.message.uid);
      return --left > 0;
    });
    if (!next) break;
    rest = rest.from(*next);
  }
  EXPECT_EQ(visited, all);
}

}  // namespace
}  // namespace tubepost::mailstore::test
