#include "lmdb/environment.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "lmdb/check.h"
#include "lmdb/owner.h"

namespace tubepost::lmdb {
namespace {

constexpr unsigned most_readers = 4096;             // LMDB's default of 126 is soon used up by threads
constexpr unsigned writes_between_cleanups = 1000;  // a killed reader pins pages until somebody looks

bool destroys_shared_mutexes() {
  int major = 0, minor = 0, patch = 0;
  mdb_version(&major, &minor, &patch);
  return major == 0 && minor == 9 && patch >= 26 && patch <= 31;
}

// A lock file shared over a network keeps nobody out.
bool is_on_network(const std::string& folder) {
  struct statfs status {};
  if (::statfs(folder.c_str(), &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == CIFS_SUPER_MAGIC ||
         type == SMB2_SUPER_MAGIC;
}

Failure open_failure(const std::string& folder, int code) {
  const std::string text = folder + ": " + mdb_strerror(code);
  switch (code) {  // what no waiting mends
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case MDB_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
      return Failure::permanent(text, {5, 3, 5});
    default:
      return Failure::temporary(text);
  }
}

struct AbortTransaction {
  void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
};
using OwnedTransaction = std::unique_ptr<MDB_txn, AbortTransaction>;

OwnedTransaction begin(MDB_env* env, bool read_only) {
  MDB_txn* transaction = nullptr;
  check(mdb_txn_begin(env, nullptr, read_only ? unsigned{MDB_RDONLY} : 0U, &transaction),
        read_only ? "begin reading" : "begin writing");
  return OwnedTransaction(transaction);
}

// LMDB makes its files under the umask; a group that may write the environment (ADR 2) needs the mode as it
// was asked for. By name: nobody but LMDB opens lock.mdb.
class ModeOfNewFiles {
public:
  ModeOfNewFiles(const std::string& folder, unsigned mode) : mode_(mode) {
    for (const char* name : {"/data.mdb", "/lock.mdb"})
      if (!file_exists(folder + name)) missing_.push_back(folder + name);
  }
  void set() const {
    for (const auto& path : missing_) [[maybe_unused]] const auto changed = ::chmod(path.c_str(), mode_);
  }
  bool any() const { return !missing_.empty(); }

private:
  unsigned mode_;
  std::vector<std::string> missing_;
};

// LMDB (0.9.24, mdb_page_flush) says EIO of a write that the disk had only half room for. Every other error is what it
// says, however full the disk: one that is final (MDB_PANIC) must not pass for one that will pass.
Failure explained(const Error& error, const std::string& folder) {
  constexpr std::uint64_t nothing_left = 1 << 20;
  Failure failure = error.failure();
  struct statvfs disk {};
  if (error.code() == EIO && ::statvfs(folder.c_str(), &disk) == 0 &&
      std::uint64_t{disk.f_bavail} * disk.f_frsize < nothing_left)
    failure.status = {4, 3, 1};
  return failure;
}

Result<void> sync_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return Failure::temporary(path + ": " + error_text(errno));
  return {};
}

}  // namespace

Failure Error::failure() const {
  const std::string text = std::string("database: ") + doing_ + ": " + mdb_strerror(code_);
  if (code_ == MDB_MAP_FULL || code_ == ENOSPC || code_ == EDQUOT) return Failure::temporary(text, {4, 3, 1});
  return Failure::temporary(text, {4, 3, 0});
}

struct Environment::State {
  std::string folder;
  MDB_env* env = nullptr;
  bool read_only = false;
  unsigned mode = 0600;
  std::atomic<unsigned> writes{0};
  UniqueFd ownership;
  ~State() {
    if (env != nullptr) mdb_env_close(env);
  }
};

Environment::Environment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Environment::Environment(Environment&&) noexcept = default;
Environment& Environment::operator=(Environment&&) noexcept = default;
Environment::~Environment() = default;

Result<Environment> Environment::open(const std::string& folder, const Options& options) {
  if (destroys_shared_mutexes())
    return Failure::permanent("LMDB 0.9.26 to 0.9.31 destroys shared mutexes on close and cannot be used");
  if (!options.create && !file_exists(folder + "/data.mdb"))
    return Failure::permanent(
        folder + (errno == EACCES ? ": this user may not look into it" : ": no database here (mailadm init makes it)"),
        {5, 3, 5});
  if (is_on_network(folder))
    return Failure::permanent(folder + ": on a network file system, where its locks would bind nobody",
                              {5, 3, 5});
  auto ownership = take_ownership(folder, options.mode);
  if (!ownership) return std::move(ownership).error();
  auto state = std::make_unique<State>();
  state->ownership = std::move(*ownership);
  state->folder = folder;
  state->read_only = options.read_only;
  state->mode = options.mode;
  if (const int code = mdb_env_create(&state->env); code != 0) return open_failure(folder, code);
  mdb_env_set_mapsize(state->env, options.map_size);
  mdb_env_set_maxreaders(state->env, most_readers);
  mdb_env_set_maxdbs(state->env, options.max_tables);
  // The kernel reads ahead (no MDB_NORDAHEAD): what was written together is read together, and without it a mailbox that is
  // not in memory is read page by page, each with a wait of its own.
  const unsigned flags = MDB_NOTLS | (options.read_only ? unsigned{MDB_RDONLY} : 0U);
  const ModeOfNewFiles new_files(folder, options.mode);
  if (const int code = mdb_env_open(state->env, folder.c_str(), flags, options.mode); code != 0)
    return open_failure(folder, code);
  new_files.set();
  // A commit syncs the file, never its name.
  if (new_files.any() && !options.read_only)
    if (auto synced = sync_file(folder); !synced) return std::move(synced).error();
  Environment environment(std::move(state));
  environment.clear_dead_readers();
  return environment;
}

Result<std::vector<Table>> Environment::open_tables(std::initializer_list<const char*> names) {
  std::vector<Table> tables;
  const char* doing = "";
  try {
    auto transaction = begin(state_->env, state_->read_only);
    for (const char* name : names) {
      doing = name;
      Table table;
      const unsigned flags = state_->read_only ? 0U : unsigned{MDB_CREATE};
      check(mdb_dbi_open(transaction.get(), name, flags, &table.handle), "open table");
      tables.push_back(table);
    }
    check(mdb_txn_commit(transaction.release()), "commit");
  } catch (const Error& error) {
    return open_failure(state_->folder, error.code()).while_doing(std::string("table ") + doing);
  }
  return tables;
}

MDB_txn* Environment::begin_read() const { return begin(state_->env, true).release(); }
void Environment::end_read(MDB_txn* transaction) { mdb_txn_abort(transaction); }

Result<void> Environment::write(const std::function<Result<void>(WriteTransaction&)>& body) {
  if (state_->writes.fetch_add(1, std::memory_order_relaxed) % writes_between_cleanups ==
      writes_between_cleanups - 1)
    clear_dead_readers();
  try {
    auto owned = begin(state_->env, false);  // aborted unless committed, whatever is thrown
    WriteTransaction transaction(owned.get());
    if (auto done = body(transaction); !done) return done;
    check(mdb_txn_commit(owned.release()), "commit");  // it is gone afterwards, whatever commit returns
  } catch (const Error& error) {
    return explained(error, state_->folder);
  }
  return {};
}

Result<Space> Environment::space() const {
  struct statvfs disk {};
  if (::statvfs(state_->folder.c_str(), &disk) != 0)
    return Failure::temporary(state_->folder + ": " + error_text(errno));
  try {
    const auto transaction = begin(state_->env, true);
    MDB_stat stat{};
    MDB_envinfo info{};
    check(mdb_env_stat(state_->env, &stat), "stat");
    check(mdb_env_info(state_->env, &info), "info");
    // The free list (table 0): each value is a count and that many page numbers.
    std::uint64_t free_pages = 0;
    Cursor cursor(transaction.get(), Table{0});
    for (bool more = cursor.first(); more; more = cursor.next()) {
      std::size_t pages = 0;
      std::memcpy(&pages, cursor.value().data(), sizeof pages);
      free_pages += pages;
    }
    return Space{(info.me_last_pgno + 1) * stat.ms_psize, free_pages * stat.ms_psize,
                 std::uint64_t{disk.f_bavail} * disk.f_frsize, std::uint64_t{disk.f_blocks} * disk.f_frsize};
  } catch (const Error& error) {
    return error.failure();
  }
}

// mdb_env_copy2 would make the file readable to whom the umask allows, and sync nothing.
Result<void> Environment::copy_to(const std::string& folder) const {
  const std::string path = folder + "/data.mdb";
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, state_->mode));
  if (!fd) return Failure::temporary(path + ": " + error_text(errno));
  if (const int code = mdb_env_copyfd2(state_->env, fd.get(), MDB_CP_COMPACT); code != 0)
    return Error(code, "copy").failure();
  if (::fsync(fd.get()) != 0) return Failure::temporary(path + ": " + error_text(errno));
  return sync_file(folder);
}

// By a read transaction, and not by mdb_env_info(): that shows the number from when the meta page is written, which
// is before a read transaction sees what it stands for. Whoever took the number and then looked would miss the change.
std::uint64_t Environment::last_transaction() const {
  MDB_txn* transaction = nullptr;
  if (mdb_txn_begin(state_->env, nullptr, MDB_RDONLY, &transaction) != MDB_SUCCESS) return 0;
  const OwnedTransaction owned(transaction);
  return mdb_txn_id(transaction);
}

int Environment::clear_dead_readers() {
  int dead = 0;
  mdb_reader_check(state_->env, &dead);
  return dead;
}

const std::string& Environment::folder() const { return state_->folder; }

}  // namespace tubepost::lmdb
