#include "lmdb/environment.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <thread>

#include "temporary_folder.h"

namespace tubepost::lmdb {
namespace {

class EnvironmentTest : public testing::Test {
protected:
  static Environment open(const std::string& folder, Environment::Options options = {}) {
    options.create = true;
    auto opened = Environment::open(folder, options);
    if (!opened) throw std::runtime_error(opened.error().text);
    return std::move(*opened);
  }

  void put(std::initializer_list<const char*> keys) {
    const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
      for (const char* key : keys) t.put(table_, key, std::string("value of ") + key);
      return {};
    });
    ASSERT_TRUE(done);
  }

  // All keys, in order.
  std::string keys() {
    return *environment_.read([&](ReadTransaction& t) {
      std::string all;
      auto cursor = t.cursor(table_);
      for (bool more = cursor.first(); more; more = cursor.next()) all += std::string(cursor.key()) + ' ';
      return all;
    });
  }

  TemporaryFolder folder_;
  Environment environment_ = open(folder_.path());
  Table table_ = environment_.open_tables({"things"})->front();
};

TEST_F(EnvironmentTest, KeepsWhatIsWritten) {
  put({"b", "a"});
  environment_ = open(folder_.path());
  table_ = environment_.open_tables({"things"})->front();
  const auto value = environment_.read([&](ReadTransaction& t) { return std::string(*t.get(table_, "a")); });
  EXPECT_EQ(*value, "value of a");
  EXPECT_EQ(keys(), "a b ");
}

// What imapd lives by: it takes the number, looks at a mailbox, and looks again only when the number is another.
TEST_F(EnvironmentTest, WhoHasTheNumberOfATransactionSeesItsChanges) {
  const auto value = [&] {
    return *environment_.read([&](ReadTransaction& t) {
      const auto found = t.get(table_, "n");
      return found ? std::stoull(std::string(*found)) : 0ULL;
    });
  };
  const auto before = environment_.last_transaction();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i <= 2000; ++i) {
      const auto written = environment_.write([&](WriteTransaction& t) -> Result<void> {
        t.put(table_, "n", std::to_string(i));
        return {};
      });
      EXPECT_TRUE(written);
    }
    done = true;
  });
  bool seen = true;
  while (!done && seen) {
    const auto number = environment_.last_transaction();
    seen = value() >= number - before;
  }
  writer.join();
  EXPECT_TRUE(seen);
  EXPECT_EQ(environment_.last_transaction(), before + 2000);
}

TEST_F(EnvironmentTest, SaysWhatIsNotThere) {
  put({"a"});
  const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
    EXPECT_EQ(t.get(table_, "b"), std::nullopt);
    EXPECT_FALSE(t.erase(table_, "b"));
    EXPECT_TRUE(t.erase(table_, "a"));
    EXPECT_EQ(t.count(table_), 0U);
    return {};
  });
  EXPECT_TRUE(done);
}

TEST_F(EnvironmentTest, DoesNotOverwriteWithPutNew) {
  put({"a"});
  const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
    EXPECT_FALSE(t.put_new(table_, "a", "other"));
    EXPECT_EQ(t.get(table_, "a"), "value of a");
    EXPECT_TRUE(t.put_new(table_, "b", "other"));
    EXPECT_EQ(t.reserve_new(table_, "b", 3), nullptr);
    std::memcpy(t.reserve(table_, "b", 3), "new", 3);
    EXPECT_EQ(t.get(table_, "b"), "new");
    return {};
  });
  EXPECT_TRUE(done);
}

TEST_F(EnvironmentTest, AppendsAndPutsWhereTheOrderIsBroken) {
  const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
    for (const char* key : {"a", "c", "d", "b"}) t.append(table_, key, "");
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(keys(), "a b c d ");
}

TEST_F(EnvironmentTest, UndoesATransactionThatFails) {
  put({"a"});
  const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
    t.put(table_, "b", "");
    return Failure::permanent("no", {5, 1, 1});
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().text, "no");
  EXPECT_EQ(keys(), "a ");
}

TEST_F(EnvironmentTest, UndoesATransactionThatThrowsAndGivesTheLockBack) {
  EXPECT_THROW((void)environment_.write([&](WriteTransaction& t) -> Result<void> {
    t.put(table_, "b", "");
    throw std::runtime_error("a bug");
  }),
               std::runtime_error);
  put({"c"});  // would wait for ever
  EXPECT_EQ(keys(), "c ");
}

TEST_F(EnvironmentTest, TurnsAnErrorOfTheDatabaseIntoAFailure) {
  const auto longest = environment_.write([&](WriteTransaction& t) -> Result<void> {
    t.put(table_, std::string(511, 'x'), "");
    return {};
  });
  EXPECT_TRUE(longest);
  for (const std::size_t size : {std::size_t{0}, std::size_t{512}}) {
    const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
      t.put(table_, std::string(size, 'x'), "");
      return {};
    });
    ASSERT_FALSE(done) << size;
    EXPECT_EQ(done.error().retry, Retry::later);
  }
}

TEST_F(EnvironmentTest, CallsAFullMapADiskThatIsFull) {
  const TemporaryFolder folder;
  Environment::Options options;
  options.map_size = 64 << 10;
  Environment small = open(folder.path(), options);
  const Table table = small.open_tables({"things"})->front();
  const auto done = small.write([&](WriteTransaction& t) -> Result<void> {
    t.put(table, "a", std::string(1 << 20, 'x'));
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, (EnhancedStatus{4, 3, 1}));
}

TEST_F(EnvironmentTest, HasFilesOfTheModeAskedForWhateverTheUmask) {
  const TemporaryFolder folder;
  Environment::Options options;
  options.mode = 0660;
  const mode_t before = ::umask(077);
  { const auto made = open(folder.path(), options); }
  ::umask(before);
  for (const char* name : {"data.mdb", "lock.mdb", "owner"}) {
    struct stat status {};
    ASSERT_EQ(::stat((folder.path() + '/' + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0660U) << name;
  }
}

TEST_F(EnvironmentTest, IsRefusedWhereThereIsNone) {
  const TemporaryFolder folder;
  const auto missing = Environment::open(folder.path(), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().retry, Retry::never);
  EXPECT_FALSE(Environment::open(folder.path() + "/nowhere", {}));
  Environment::Options options;
  options.create = true;
  EXPECT_FALSE(Environment::open(folder.path() + "/nowhere", options));
}

TEST_F(EnvironmentTest, OpenedForReadingMakesNoTable) {
  Environment::Options options;
  options.read_only = true;
  const TemporaryFolder folder;
  { auto made = open(folder.path()); }
  auto reader = Environment::open(folder.path(), options);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->open_tables({"new"}));
}

TEST_F(EnvironmentTest, KnowsItsSpace) {
  put({"a"});
  const auto before = environment_.space();
  ASSERT_TRUE(before);
  EXPECT_GT(before->disk_total, before->disk_bytes);
  const std::string big(1 << 20, 'x');
  for (const bool fill : {true, false}) {
    ASSERT_TRUE(environment_.write([&](WriteTransaction& t) -> Result<void> {
      if (fill) t.put(table_, "big", big);
      if (!fill) t.erase(table_, "big");
      return {};
    }));
  }
  const auto after = environment_.space();
  EXPECT_GT(after->file_bytes, before->file_bytes + (1 << 20));
  EXPECT_GT(after->free_bytes, before->free_bytes + (1 << 20));
}

TEST_F(EnvironmentTest, IsCopiedWhileOpenForNobodyElseToRead) {
  put({"a", "b"});
  const TemporaryFolder copy;
  ASSERT_TRUE(environment_.copy_to(copy.path()));
  struct stat status {};
  ASSERT_EQ(::stat((copy.path() + "/data.mdb").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_FALSE(environment_.copy_to(copy.path()));  // never over another
  environment_ = open(copy.path());
  table_ = environment_.open_tables({"things"})->front();
  EXPECT_EQ(keys(), "a b ");
}

TEST_F(EnvironmentTest, SortsNumbersAsNumbersDo) {
  std::vector<std::string> texts;
  for (const std::uint64_t number : {0ULL, 1ULL, 255ULL, 256ULL, 1ULL << 32, ~0ULL}) {
    std::string key;
    append_u64(key, number);
    EXPECT_EQ(read_u64(key), number);
    texts.push_back(key);
  }
  EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end()));
  std::string key;
  append_u32(key, 0x01020304);
  EXPECT_EQ(key, "\x01\x02\x03\x04");
}

// ---- cursors

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

// ---- crashes

TEST_F(EnvironmentTest, IsConsistentAfterWritersWereKilled) {
  // Two keys are always written alike; the writer says where it is and is killed in the middle of it.
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      Environment own = open(folder_.path());
      const Table table = own.open_tables({"things"})->front();
      for (std::uint64_t i = 0;; ++i) {
        (void)own.write([&](WriteTransaction& t) -> Result<void> {
          t.put(table, "left", std::to_string(i));
          if (i == 20) {
            (void)!::write(ends[1], "x", 1);
            ::pause();
          }
          t.put(table, "right", std::to_string(i));
          return {};
        });
      }
    }
    char byte = 0;
    ASSERT_EQ(::read(ends[0], &byte, 1), 1);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    const auto done =
        environment_.write([&](WriteTransaction& t) -> Result<void> {  // gets the dead one's lock
          EXPECT_EQ(t.get(table_, "left"), "19");
          EXPECT_EQ(t.get(table_, "right"), "19");
          return {};
        });
    EXPECT_TRUE(done);
  }
}

TEST_F(EnvironmentTest, ForgetsReadersThatWereKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    Environment own = open(folder_.path());
    (void)own.read([&](ReadTransaction&) {
      (void)!::write(ends[1], "x", 1);
      ::pause();
    });
  }
  char byte = 0;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  EXPECT_EQ(environment_.clear_dead_readers(), 0);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(environment_.clear_dead_readers(), 1);
}

}  // namespace
}  // namespace tubepost::lmdb
