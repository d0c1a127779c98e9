// Opening a spool, and what its processes say to each other without the database: the wake FIFO and qrun's
// lock.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "base/file.h"
#include "spool/body_state.h"
#include "spool/state.h"
#include "spool/totals_change.h"

namespace tubepost::spool {
namespace {

// The folder's own mode says who may come this far; inside, every process of the group may write (ADR 2).
constexpr mode_t folder_mode = 0770, file_mode = 0660;
constexpr std::string_view schema_key = "schema";

Result<void> make_folders(const std::string& folder) {
  if (auto made = make_directory(folder, folder_mode); !made) return made;
  return make_directory(folder + "/bodies", folder_mode);
}

Result<std::optional<std::uint32_t>> read_schema(const lmdb::Environment& environment, lmdb::Table meta) {
  return environment.read([&](lmdb::ReadTransaction& read) -> std::optional<std::uint32_t> {
    const auto value = read.get(meta, schema_key);
    if (!value || value->size() != 4) return std::nullopt;
    return lmdb::read_u32(*value);
  });
}

// A reader cannot make the tables that an older spool (a backup of it) has not: it says who can.
Result<void> check_for_reader(lmdb::Environment& environment) {
  const auto meta = environment.open_tables({"meta"});
  if (!meta) return meta.error();
  const auto found = read_schema(environment, meta->front());
  if (!found) return found.error();
  if (*found && **found < schema_version)
    return Failure::permanent("the spool has schema version " + std::to_string(**found) +
                              ", written by an older program; mailadm fsck makes it version " +
                              std::to_string(schema_version));
  return {};
}

Result<void> check_schema(lmdb::Environment& environment, const Tables& tables, bool read_only) {
  const lmdb::Table meta = tables.meta;
  const auto found = read_schema(environment, meta);
  if (!found) return found.error();
  if (*found && **found > schema_version)
    return Failure::permanent("the spool has schema version " + std::to_string(**found) +
                              ", written by a newer program; this one knows " +
                              std::to_string(schema_version));
  if ((*found && **found == schema_version) || read_only) return {};
  return environment.write([&](lmdb::WriteTransaction& write) -> Result<void> {
    std::string version;
    lmdb::append_u32(version, schema_version);
    // Records of version 1 are read as they are; only what is counted was not kept then.
    if (*found) {
      write_totals(write, tables, count_totals(write, tables));
      write_lane_counts(write, tables, count_lanes(write, tables));
    }
    write.put(meta, schema_key, version);
    return {};
  });
}

Result<Tables> open_tables(lmdb::Environment& environment) {
  auto opened = environment.open_tables({"meta", "bodies", "envelopes", "recipients", "due", "working",
                                         "debts", "finished", "journal", "dropped", "lanes", "remote",
                                         "destinations", "suppressed", "expedited", "history", "parked"});
  if (!opened) return std::move(opened).error();
  const auto& t = *opened;
  return Tables{t[0], t[1],  t[2],  t[3],  t[4],  t[5],  t[6],  t[7], t[8],
                t[9], t[10], t[11], t[12], t[13], t[14], t[15], t[16]};
}

// Open for reading, too, so that it opens without a reader, never gives SIGPIPE, and survives qrun's
// restarts; this side never reads.
UniqueFd open_fifo(const std::string& path) {
  if (::mkfifo(path.c_str(), file_mode) != 0 && errno != EEXIST) return {};
  return UniqueFd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace

Spool::Spool(std::unique_ptr<State> state) : state_(std::move(state)) {}
Spool::Spool(Spool&&) noexcept = default;
Spool& Spool::operator=(Spool&&) noexcept = default;
Spool::~Spool() = default;

Result<Spool> Spool::open(const std::string& folder, const Options& options, const Clock& clock) {
  if (options.create && !options.read_only) {
    if (auto made = make_folders(folder); !made) return std::move(made).error();
  }
  lmdb::Environment::Options environment_options;
  environment_options.create = options.create;
  environment_options.read_only = options.read_only;
  environment_options.mode = file_mode;
  auto environment = lmdb::Environment::open(folder, environment_options);
  if (!environment) return std::move(environment).error();

  auto state = std::make_unique<State>(folder, options, clock, std::move(*environment));
  if (options.read_only)
    if (auto known = check_for_reader(state->environment); !known)
      return std::move(known).error().while_doing(folder);
  auto tables = open_tables(state->environment);
  if (!tables) return std::move(tables).error();
  state->tables = *tables;
  if (auto known = check_schema(state->environment, state->tables, options.read_only); !known)
    return std::move(known).error().while_doing(folder);
  if (!options.read_only) {
    state->wake = open_fifo(folder + "/wake");
    if (options.group_commit) {
      state->committer = std::make_unique<lmdb::GroupCommit>(
          state->environment, [s = state.get()] { s->nudge(); }, options.commit_failed,
          lmdb::GroupCommit::Limits{});
    }
  }
  return Spool(std::move(state));
}

Result<void> Spool::copy_to(const std::string& folder) const {
  if (auto made = make_folders(folder); !made) return made;
  return state_->environment.copy_to(folder);
}

// ---- waking

void Spool::State::nudge() const {
  // A full pipe is as good as a byte more; nothing else can be done about a failure, and qrun's sweep covers
  // it.
  if (wake && ::write(wake.get(), "w", 1) < 0) return;
}

void Spool::nudge() const { state_->nudge(); }

UniqueFd Spool::open_wake_fifo() const { return open_fifo(state_->folder + "/wake"); }

Result<void> Spool::State::commit(const lmdb::GroupCommit::Write& write, std::size_t bytes) {
  if (options.read_only) return Failure::permanent(folder + ": opened for reading only");
  const lmdb::GroupCommit::Write stepping = [&](lmdb::WriteTransaction& transaction) {
    auto written = write(transaction);
    at_step("change: written");
    return written;
  };
  const auto& what = options.at_step ? stepping : write;
  auto done = committer ? committer->commit(what, bytes) : environment.write(what);
  at_step("change: committed");
  if (done && !committer) nudge();  // the committer nudges once per batch
  return done;
}

// ---- the right to be qrun

Result<std::optional<UniqueFd>> Spool::lock_scheduler(Milliseconds patience) const {
  constexpr Milliseconds pause{20};
  const std::string path = state_->folder + "/qrun.lock";
  // Without O_CLOEXEC: the workers inherit it, and flock(2) belongs to the open file description, so the lock
  // is held until the last of them is gone.
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT, file_mode));
  if (!lock) return system_failure(path, errno);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_failure(path, errno);
    if (std::chrono::steady_clock::now() >= deadline) return std::optional<UniqueFd>();
    std::this_thread::sleep_for(pause);
  }
  return std::optional<UniqueFd>(std::move(lock));
}

}  // namespace tubepost::spool
