#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "unit/lmdb/fixture.h"

namespace tubepost::lmdb {
namespace {

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

// "mailadm init makes it" would send a user the wrong way.
TEST_F(EnvironmentTest, SaysThatAUserMayNotLookIntoIt) {
  const TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0), 0);
  const auto try_as_nobody = [&] {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) std::_Exit(2);
    const auto opened = Environment::open(folder.path(), {});
    std::_Exit(!opened && opened.error().text.find("may not look into it") != std::string::npos ? 0 : 1);
  };
  EXPECT_EXIT(try_as_nobody(), testing::ExitedWithCode(0), "");
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
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

// A process that opens lock.mdb itself and closes it again gives up the lock by which others see its readers: whatever
// this library does with the files beside an open environment, a reader stays one.
TEST_F(EnvironmentTest, ItsReadersAreSeenWhateverElseItDoes) {
  const TemporaryFolder copy;
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  char byte = 'x';
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    auto other = Environment::open(folder_.path(), {});  // before there is a reader: it would be cleared here
    if (!other || ::write(ends[1], &byte, 1) != 1 || ::read(ends[1], &byte, 1) != 1) ::_exit(99);
    ::_exit(other->clear_dead_readers());
  }
  ::close(ends[1]);
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  put({"a"});
  ASSERT_TRUE(environment_.read([&](ReadTransaction& t) -> Result<void> {
    EXPECT_TRUE(environment_.space());
    EXPECT_TRUE(environment_.copy_to(copy.path()));
    EXPECT_EQ(environment_.clear_dead_readers(), 0);
    EXPECT_GT(environment_.last_transaction(), 0U);
    EXPECT_EQ(::write(ends[0], &byte, 1), 1);
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(t.get(table_, "a"), "value of a");
    return {};
  }));
  ::close(ends[0]);
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
