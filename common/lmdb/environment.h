// LMDB, the only database of the house, behind RAII. This folder is the only one that sees lmdb.h.
//
// Inside a transaction function LMDB's own errors are thrown as lmdb::Error; Environment::read and ::write
// turn them into a Failure, so that a function body reads straight and its callers see a Result. MDB_MAP_FULL
// and ENOSPC both become 4.3.1 (design.md 3: disk full).
//
// Lifetime: one Environment per path and process, opened after fork, on a local file system. Views given out
// by a transaction live until that transaction ends; in a write transaction only until its next write. Keys
// have 1 to 511 bytes. Threading: an Environment may be used by all threads; a transaction by the one that
// began it. A write transaction lives in one function, and no peer, no output, no parsing happens in it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace tubepost::lmdb {

class Error {
public:
  Error(int code, const char* doing) : code_(code), doing_(doing) {}
  Failure failure() const;
  int code() const { return code_; }

private:
  int code_;
  const char* doing_;
};

// A named table. Its handle is that of the Environment that opened it.
struct Table {
  unsigned handle = 0;
};

class Cursor {
public:
  Cursor(MDB_txn* transaction, Table table);
  Cursor(Cursor&& other) noexcept;
  Cursor(const Cursor&) = delete;
  ~Cursor();

  // Each moves and says whether there is an entry there.
  bool first();
  bool last();
  bool next();
  bool previous();
  bool seek(std::string_view key);         // the first entry whose key is not less than `key`
  bool seek_before(std::string_view key);  // the last entry whose key is less than `key`
  bool seek_prefix(std::string_view prefix) { return seek(prefix) && key().starts_with(prefix); }

  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }
  // In a write transaction: removes the entry; the cursor then stands on the one after it (false: none).
  bool erase();
  // In a write transaction: as WriteTransaction::put; keys in ascending order are found without a new search.
  // The cursor stands on the entry, but shows it only after the next move.
  void put(std::string_view key, std::string_view value);

private:
  bool move(int operation, std::string_view key = {});
  MDB_cursor* cursor_;
  std::string_view key_, value_;
};

class ReadTransaction {
public:
  explicit ReadTransaction(MDB_txn* transaction) : transaction_(transaction) {}
  std::optional<std::string_view> get(Table table, std::string_view key) const;
  Cursor cursor(Table table) const { return {transaction_, table}; }
  std::uint64_t count(Table table) const;

protected:
  MDB_txn* transaction_;
};

class WriteTransaction : public ReadTransaction {
public:
  using ReadTransaction::ReadTransaction;
  void put(Table table, std::string_view key, std::string_view value);
  // For keys in ascending order at the end of a table: packs pages full. Falls back to put when they are not.
  void append(Table table, std::string_view key, std::string_view value);
  bool put_new(Table table, std::string_view key,
               std::string_view value);  // false: it was there, nothing changed
  // Room for `size` bytes to be filled before the next call on this transaction; replaces what was there.
  char* reserve(Table table, std::string_view key, std::size_t size);
  // As reserve, but nullptr (and nothing changed) where the key is there already.
  char* reserve_new(Table table, std::string_view key, std::size_t size);
  bool erase(Table table, std::string_view key);  // false: it was not there
};

struct Space {
  std::uint64_t file_bytes;  // size of data.mdb
  std::uint64_t free_bytes;  // inside the file, reusable at once or soon
  std::uint64_t disk_bytes;  // free on the file system, for the user of this process
  std::uint64_t disk_total;
};

class Environment {
public:
  struct Options {
    std::uint64_t map_size = std::uint64_t{256} << 30;  // sparse; never resized while others have it open
    unsigned max_tables = 32;
    bool create = false;     // make the folder's files where they are missing
    bool read_only = false;  // still needs write access to lock.mdb
    unsigned mode = 0600;    // of files it creates (a group member needs 0660: ADR 2)
  };

  // `folder` must exist. Refuses LMDB 0.9.26 to 0.9.31, which destroy shared mutexes on close, and a folder
  // that is in use from another host or PID namespace. Clears dead readers.
  static Result<Environment> open(const std::string& folder, const Options& options);
  Environment(Environment&&) noexcept;
  Environment& operator=(Environment&&) noexcept;
  ~Environment();

  // Opens the named tables, in order; missing ones are made (not when read-only: a Failure then).
  Result<std::vector<Table>> open_tables(std::initializer_list<const char*> names);

  // Runs `body` in a read transaction. T is what body returns: Result<U> is passed on, U becomes Result<U>.
  template <class Body>
  auto read(Body&& body) const;
  // Runs `body` in a write transaction and commits, durably, unless it returns a Failure or throws Error:
  // then all is undone. `body` takes WriteTransaction& and returns Result<void>.
  Result<void> write(const std::function<Result<void>(WriteTransaction&)>& body);

  Result<Space> space() const;
  Result<void> copy_to(
      const std::string& folder) const;  // a consistent, compacted copy, live; the folder exists
  // The number of the last committed write transaction, of any process, whose changes a read() from now on sees.
  // 0: it cannot be had (too many readers).
  std::uint64_t last_transaction() const;
  int clear_dead_readers();  // how many there were; also done every 1000 writes
  const std::string& folder() const;

private:
  struct State;
  explicit Environment(std::unique_ptr<State> state);
  MDB_txn* begin_read() const;
  static void end_read(MDB_txn* transaction);
  std::unique_ptr<State> state_;
};

template <class T>
struct AsResult {
  using type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};

template <class Body>
auto Environment::read(Body&& body) const {
  using Returned = typename AsResult<decltype(body(std::declval<ReadTransaction&>()))>::type;
  MDB_txn* raw = nullptr;
  try {
    raw = begin_read();
    const auto end = [](MDB_txn* t) { end_read(t); };
    const std::unique_ptr<MDB_txn, decltype(end)> guard(raw, end);
    ReadTransaction transaction(raw);
    if constexpr (std::is_void_v<decltype(body(transaction))>) {
      body(transaction);
      return Returned();
    } else {
      return Returned(body(transaction));
    }
  } catch (const Error& error) {
    return Returned(error.failure());
  }
}

// Keys: big-endian numbers sort as numbers do.
void append_u32(std::string& key, std::uint32_t value);
void append_u64(std::string& key, std::uint64_t value);
std::uint32_t read_u32(std::string_view bytes);  // the first 4 bytes
std::uint64_t read_u64(std::string_view bytes);  // the first 8 bytes

}  // namespace tubepost::lmdb
