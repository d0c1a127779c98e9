#include "unit/lmdb/fixture.h"

namespace tubepost::lmdb {
namespace {

class CursorTest : public EnvironmentTest {
protected:
  // Runs `body` on a cursor over the keys, inside a write transaction that is undone.
  void over(std::initializer_list<const char*> keys, const std::function<void(Cursor&)>& body) {
    put(keys);
    (void)environment_.write([&](WriteTransaction& t) -> Result<void> {
      auto cursor = t.cursor(table_);
      body(cursor);
      return Failure::permanent("undo");
    });
  }
};

TEST_F(CursorTest, FindsNothingInAnEmptyTable) {
  over({}, [](Cursor& cursor) {
    EXPECT_FALSE(cursor.first());
    EXPECT_FALSE(cursor.last());
    EXPECT_FALSE(cursor.seek("a"));
    EXPECT_FALSE(cursor.seek_before("a"));
    EXPECT_FALSE(cursor.seek_prefix("a"));
  });
}

TEST_F(CursorTest, SeeksTheFirstNotLess) {
  over({"b", "d"}, [](Cursor& cursor) {
    EXPECT_TRUE(cursor.seek("a") && cursor.key() == "b");
    EXPECT_TRUE(cursor.seek("b") && cursor.key() == "b");
    EXPECT_TRUE(cursor.seek("c") && cursor.key() == "d" && cursor.value() == "value of d");
    EXPECT_FALSE(cursor.seek("e"));
    EXPECT_TRUE(cursor.seek("") && cursor.key() == "b");
  });
}

TEST_F(CursorTest, SeeksTheLastThatIsLess) {
  over({"b", "d"}, [](Cursor& cursor) {
    EXPECT_FALSE(cursor.seek_before("a"));
    EXPECT_FALSE(cursor.seek_before("b"));
    EXPECT_FALSE(cursor.seek_before(""));
    EXPECT_TRUE(cursor.seek_before("c") && cursor.key() == "b");
    EXPECT_TRUE(cursor.seek_before("d") && cursor.key() == "b");
    EXPECT_TRUE(cursor.seek_before("e") && cursor.key() == "d");
  });
}

TEST_F(CursorTest, SeeksAPrefixAndNothingBehindIt) {
  over({"a1", "b", "c1", "c2"}, [](Cursor& cursor) {
    EXPECT_TRUE(cursor.seek_prefix("c") && cursor.key() == "c1");
    EXPECT_TRUE(cursor.seek_prefix("b"));
    EXPECT_FALSE(cursor.seek_prefix("bb"));
    EXPECT_FALSE(cursor.seek_prefix("c3"));
  });
}

TEST_F(CursorTest, WalksBackwards) {
  over({"a", "b"}, [](Cursor& cursor) {
    EXPECT_TRUE(cursor.last() && cursor.key() == "b");
    EXPECT_TRUE(cursor.previous() && cursor.key() == "a");
    EXPECT_FALSE(cursor.previous());
  });
}

TEST_F(CursorTest, StandsOnTheNextEntryAfterErasing) {
  over({"a", "b", "c"}, [](Cursor& cursor) {
    cursor.seek("b");
    EXPECT_TRUE(cursor.erase());
    EXPECT_EQ(cursor.key(), "c");
    EXPECT_FALSE(cursor.erase());  // the last one
    EXPECT_TRUE(cursor.first() && cursor.key() == "a");
    EXPECT_FALSE(cursor.erase());  // and now the table is empty
    EXPECT_FALSE(cursor.first());
  });
}

TEST_F(CursorTest, GoesOnBehindTheEntryAfterAnErasedOne) {
  over({"a", "b", "c", "d"}, [](Cursor& cursor) {
    cursor.seek("b");
    EXPECT_TRUE(cursor.erase() && cursor.key() == "c");
    EXPECT_TRUE(cursor.next() && cursor.key() == "d");
  });
}

TEST_F(CursorTest, ErasesManyPagesInOneWalk) {
  constexpr int count = 2000;
  const std::string value(100, 'x');
  ASSERT_TRUE(environment_.write([&](WriteTransaction& t) -> Result<void> {
    for (int i = 0; i < count; ++i) t.append(table_, std::to_string(10'000 + i), value);
    return {};
  }));
  ASSERT_TRUE(environment_.write([&](WriteTransaction& t) -> Result<void> {
    auto cursor = t.cursor(table_);
    int seen = 0;
    // Every third is kept.
    for (bool more = cursor.first(); more; ++seen) {
      EXPECT_EQ(cursor.key(), std::to_string(10'000 + seen));
      more = seen % 3 == 0 ? cursor.next() : cursor.erase();
    }
    EXPECT_EQ(seen, count);
    EXPECT_EQ(t.count(table_), 667U);
    for (bool more = cursor.first(); more;) more = cursor.erase();
    EXPECT_EQ(t.count(table_), 0U);
    return {};
  }));
}

}  // namespace
}  // namespace tubepost::lmdb
