#include "lmdb/environment.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace tubepost::lmdb {
namespace {

MDB_val to_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view to_view(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

void check(int code, const char* doing) {
  if (code != MDB_SUCCESS) throw Error(code, doing);
}

}  // namespace

Failure Error::failure() const {
  const std::string text = std::string("database: ") + doing_ + ": " + mdb_strerror(code_);
  if (code_ == MDB_MAP_FULL || code_ == ENOSPC || code_ == EDQUOT) return Failure::temporary(text, {4, 3, 1});
  return Failure::temporary(text, {4, 3, 0});
}

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
  // After a delete LMDB stands on the next entry, or at the end.
  return move(MDB_GET_CURRENT);
}

// ---- transactions

std::optional<std::string_view> ReadTransaction::get(Table table, std::string_view key) const {
  MDB_val k = to_val(key), v{};
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

// ---- Environment

struct Environment::State {
  std::string folder;
  MDB_env* env = nullptr;
  bool read_only = false;
  ~State() {
    if (env != nullptr) mdb_env_close(env);
  }
};

Environment::Environment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Environment::Environment(Environment&&) noexcept = default;
Environment& Environment::operator=(Environment&&) noexcept = default;
Environment::~Environment() = default;

namespace {

constexpr unsigned most_readers = 4096;  // LMDB's default of 126 is soon used up by threads

bool destroys_shared_mutexes() {
  int major = 0, minor = 0, patch = 0;
  mdb_version(&major, &minor, &patch);
  return major == 0 && minor == 9 && patch >= 26 && patch <= 31;
}

Failure open_failure(const std::string& folder, int code) {
  return Failure::temporary(folder + ": " + mdb_strerror(code));
}

}  // namespace

Result<Environment> Environment::open(const std::string& folder, const Options& options) {
  if (destroys_shared_mutexes())
    return Failure::permanent("LMDB 0.9.26 to 0.9.31 destroys shared mutexes on close and cannot be used");
  if (!options.create && !file_exists(folder + "/data.mdb"))
    return Failure::permanent(folder + ": no database here (mailadm init makes it)");
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->read_only = options.read_only;
  if (const int code = mdb_env_create(&state->env); code != 0) return open_failure(folder, code);
  mdb_env_set_mapsize(state->env, options.map_size);
  mdb_env_set_maxreaders(state->env, most_readers);
  mdb_env_set_maxdbs(state->env, options.max_tables);
  // MDB_NORDAHEAD: values are read singly, and a spool's file is larger than what is live in it.
  const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options.read_only ? unsigned{MDB_RDONLY} : 0U);
  if (const int code = mdb_env_open(state->env, folder.c_str(), flags, options.mode); code != 0)
    return open_failure(folder, code);
  Environment environment(std::move(state));
  environment.clear_dead_readers();
  return environment;
}

Result<std::vector<Table>> Environment::open_tables(std::initializer_list<const char*> names) {
  MDB_txn* transaction = nullptr;
  const unsigned flags = state_->read_only ? unsigned{MDB_RDONLY} : 0U;
  int code = mdb_txn_begin(state_->env, nullptr, flags, &transaction);
  if (code != 0) return open_failure(state_->folder, code);
  std::vector<Table> tables;
  for (const char* name : names) {
    Table table;
    code = mdb_dbi_open(transaction, name, state_->read_only ? 0U : unsigned{MDB_CREATE}, &table.handle);
    if (code != 0) {
      mdb_txn_abort(transaction);
      return open_failure(state_->folder, code).while_doing(std::string("table ") + name);
    }
    tables.push_back(table);
  }
  if (code = mdb_txn_commit(transaction); code != 0) return open_failure(state_->folder, code);
  return tables;
}

MDB_txn* Environment::begin_read() const {
  MDB_txn* transaction = nullptr;
  check(mdb_txn_begin(state_->env, nullptr, MDB_RDONLY, &transaction), "begin reading");
  return transaction;
}

void Environment::end_read(MDB_txn* transaction) { mdb_txn_abort(transaction); }

Result<void> Environment::write(const std::function<Result<void>(WriteTransaction&)>& body) {
  MDB_txn* raw = nullptr;
  try {
    check(mdb_txn_begin(state_->env, nullptr, 0, &raw), "begin writing");
    WriteTransaction transaction(raw);
    if (auto done = body(transaction); !done) {
      mdb_txn_abort(raw);
      return done;
    }
  } catch (const Error& error) {
    if (raw != nullptr) mdb_txn_abort(raw);
    return error.failure();
  }
  // The transaction is gone after commit, whatever it returns.
  if (const int code = mdb_txn_commit(raw); code != 0) return Error(code, "commit").failure();
  return {};
}

Result<Space> Environment::space() const {
  struct statvfs disk {};
  if (::statvfs(state_->folder.c_str(), &disk) != 0)
    return Failure::temporary(state_->folder + ": " + error_text(errno));
  return read([&](ReadTransaction&) -> Result<Space> {
    MDB_txn* raw = begin_read();
    const auto end = [](MDB_txn* t) { end_read(t); };
    const std::unique_ptr<MDB_txn, decltype(end)> guard(raw, end);
    MDB_stat stat{};
    MDB_envinfo info{};
    check(mdb_stat(raw, 0, &stat), "stat");
    check(mdb_env_info(state_->env, &info), "info");
    // The free list (table 0): each value is a count and that many page numbers.
    std::uint64_t free_pages = 0;
    Cursor cursor(raw, Table{0});
    for (bool more = cursor.first(); more; more = cursor.next()) {
      std::size_t pages = 0;
      std::memcpy(&pages, cursor.value().data(), sizeof pages);
      free_pages += pages;
    }
    return Space{(info.me_last_pgno + 1) * stat.ms_psize, free_pages * stat.ms_psize,
                 std::uint64_t{disk.f_bavail} * disk.f_frsize, std::uint64_t{disk.f_blocks} * disk.f_frsize};
  });
}

Result<void> Environment::copy_to(const std::string& folder) const {
  if (const int code = mdb_env_copy2(state_->env, folder.c_str(), MDB_CP_COMPACT); code != 0)
    return open_failure(folder, code);
  return {};
}

int Environment::clear_dead_readers() {
  int dead = 0;
  mdb_reader_check(state_->env, &dead);
  return dead;
}

const std::string& Environment::folder() const { return state_->folder; }

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
