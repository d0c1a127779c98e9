// Cursors, transactions and keys: thin skins over LMDB's calls.
#include <lmdb.h>

#include <cerrno>

#include "lmdb/check.h"
#include "lmdb/environment.h"
#include "lmdb/looks.h"

namespace tubepost::lmdb {
namespace {

MDB_val to_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view to_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

thread_local std::uint64_t looks = 0;  // only counted up, and read by tests

}  // namespace

std::uint64_t looks_of_this_thread() { return looks; }

// ---- Cursor

Cursor::Cursor(MDB_txn* transaction, Table table) : cursor_(nullptr) {
  check(mdb_cursor_open(transaction, table.handle, &cursor_), "cursor");
}
Cursor::Cursor(Cursor&& other) noexcept
    : cursor_(std::exchange(other.cursor_, nullptr)), key_(other.key_), value_(other.value_) {}
Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

bool Cursor::move(int operation, std::string_view key) {
  MDB_val k = to_val(key), v{};
  ++looks;
  const int code = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND) return key_ = value_ = {}, false;
  check(code, "cursor move");
  key_ = to_view(k);
  value_ = to_view(v);
  return true;
}

bool Cursor::first() { return move(MDB_FIRST); }
bool Cursor::last() { return move(MDB_LAST); }
bool Cursor::next() { return move(MDB_NEXT); }
bool Cursor::previous() { return move(MDB_PREV); }
bool Cursor::seek(std::string_view key) { return key.empty() ? first() : move(MDB_SET_RANGE, key); }
bool Cursor::seek_before(std::string_view key) { return seek(key) ? previous() : last(); }

bool Cursor::erase() {
  check(mdb_cursor_del(cursor_, 0), "cursor erase");
  // LMDB now stands on the next entry, or at the end; where the table has become empty, nowhere, which it
  // calls EINVAL.
  MDB_val k{}, v{};
  const int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_CURRENT);
  if (code == MDB_NOTFOUND || code == EINVAL) return key_ = value_ = {}, false;
  check(code, "cursor erase");
  key_ = to_view(k);
  value_ = to_view(v);
  return true;
}

void Cursor::put(std::string_view key, std::string_view value) {
  MDB_val k = to_val(key), v = to_val(value);
  check(mdb_cursor_put(cursor_, &k, &v, 0), "cursor put");
  key_ = value_ = {};
}

// ---- transactions

std::optional<std::string_view> ReadTransaction::get(Table table, std::string_view key) const {
  MDB_val k = to_val(key), v{};
  ++looks;
  const int code = mdb_get(transaction_, table.handle, &k, &v);
  if (code == MDB_NOTFOUND) return std::nullopt;
  check(code, "get");
  return to_view(v);
}

std::uint64_t ReadTransaction::count(Table table) const {
  MDB_stat stat{};
  check(mdb_stat(transaction_, table.handle, &stat), "stat");
  return stat.ms_entries;
}

void WriteTransaction::put(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key), v = to_val(value);
  check(mdb_put(transaction_, table.handle, &k, &v, 0), "put");
}

void WriteTransaction::append(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key), v = to_val(value);
  const int code = mdb_put(transaction_, table.handle, &k, &v, MDB_APPEND);
  if (code == MDB_KEYEXIST) return put(table, key, value);
  check(code, "append");
}

bool WriteTransaction::put_new(Table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key), v = to_val(value);
  const int code = mdb_put(transaction_, table.handle, &k, &v, MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST) return false;
  check(code, "put");
  return true;
}

char* WriteTransaction::reserve(Table table, std::string_view key, std::size_t size) {
  MDB_val k = to_val(key), v{size, nullptr};
  check(mdb_put(transaction_, table.handle, &k, &v, MDB_RESERVE), "reserve");
  return static_cast<char*>(v.mv_data);
}

char* WriteTransaction::reserve_new(Table table, std::string_view key, std::size_t size) {
  MDB_val k = to_val(key), v{size, nullptr};
  const int code = mdb_put(transaction_, table.handle, &k, &v, MDB_RESERVE | MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST) return nullptr;
  check(code, "reserve");
  return static_cast<char*>(v.mv_data);
}

bool WriteTransaction::erase(Table table, std::string_view key) {
  MDB_val k = to_val(key);
  const int code = mdb_del(transaction_, table.handle, &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  check(code, "erase");
  return true;
}

// ---- keys

void append_u32(std::string& key, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(value >> shift & 0xff);
}
void append_u64(std::string& key, std::uint64_t value) {
  append_u32(key, static_cast<std::uint32_t>(value >> 32));
  append_u32(key, static_cast<std::uint32_t>(value));
}
std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}
std::uint64_t read_u64(std::string_view bytes) {
  return std::uint64_t{read_u32(bytes)} << 32 | read_u32(bytes.substr(4));
}

}  // namespace tubepost::lmdb
