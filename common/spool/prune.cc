// Forgetting: journals that are old enough, files that nothing refers to any more.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "spool/body_state.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr auto keep_dropped = std::chrono::hours(24);

// ---- the journal

struct Life {
  std::vector<std::string> keys;
  Timestamp last;
};

Life read_life(lmdb::Cursor& cursor, const SpoolId& id, std::size_t most) {
  Life life;
  for (bool more = true; more && cursor.key().starts_with(id.bytes()); more = cursor.next()) {
    life.last = decode_event(cursor.key(), {}).time;
    if (life.keys.size() < most) life.keys.emplace_back(cursor.key());
  }
  return life;
}

// The lines of finished messages whose last line is older. An id is as old as its first line, so ids end the
// search.
std::vector<std::string> old_lines(const lmdb::ReadTransaction& read, const Tables& tables,
                                   Timestamp older_than, std::size_t most) {
  std::vector<std::string> old;
  lmdb::Cursor cursor = read.cursor(tables.journal);
  for (bool more = cursor.first(); more && old.size() < most; more = !cursor.key().empty()) {
    const SpoolId id = SpoolId::from_bytes(cursor.key());
    if (id.time() >= older_than) break;
    Life life = read_life(cursor, id, most - old.size());
    if (life.last >= older_than || read.get(tables.envelopes, id.bytes())) continue;
    old.insert(old.end(), std::make_move_iterator(life.keys.begin()),
               std::make_move_iterator(life.keys.end()));
  }
  return old;
}

std::vector<std::string> old_history(const lmdb::ReadTransaction& read, const Tables& tables,
                                     Timestamp older_than, std::size_t most) {
  std::vector<std::string> old;
  lmdb::Cursor cursor = read.cursor(tables.history);
  for (bool more = cursor.first(); more && old.size() < most; more = cursor.next()) {
    if (lmdb::read_u32(cursor.key()) >= day_of(older_than)) break;
    old.emplace_back(cursor.key());
  }
  return old;
}

// There are never so many that a walk through them would be long: each took several bounces.
std::vector<std::string> old_suppressions(const lmdb::ReadTransaction& read, const Tables& tables,
                                          Timestamp now, std::size_t most) {
  std::vector<std::string> old;
  lmdb::Cursor cursor = read.cursor(tables.suppressed);
  for (bool more = cursor.first(); more && old.size() < most; more = cursor.next()) {
    const auto one = decode_suppression(cursor.key(), cursor.value());
    if (!one || one->until <= now) old.emplace_back(cursor.key());
  }
  return old;
}

struct Old {
  std::vector<std::string> lines, history, suppressions;
  std::size_t size() const { return lines.size() + history.size() + suppressions.size(); }
};

// ---- files

std::vector<SpoolId> files_in(const std::string& folder) {
  std::vector<SpoolId> ids;
  const auto close = [](DIR* d) { ::closedir(d); };
  const std::unique_ptr<DIR, decltype(close)> dir(::opendir(folder.c_str()), close);
  while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
    if (const auto id = SpoolId::parse(entry->d_name)) ids.push_back(*id);
  }
  return ids;
}

bool is_referenced(const lmdb::ReadTransaction& read, const Tables& tables, const SpoolId& id) {
  // An envelope without its body record is damage, and the file then the only copy: not an orphan.
  return read.get(tables.bodies, id.bytes()).has_value() ||
         read.get(tables.envelopes, id.bytes()).has_value();
}

std::vector<std::string> read_dropped(const lmdb::ReadTransaction& read, const Tables& tables) {
  std::vector<std::string> keys;
  lmdb::Cursor cursor = read.cursor(tables.dropped);
  for (bool more = cursor.first(); more; more = cursor.next()) keys.emplace_back(cursor.key());
  return keys;
}

struct Sweep {
  std::vector<std::string> dropped;  // keys of table dropped, old enough
  std::vector<SpoolId> orphans;
};

// Files without a record, and notes that are a day old.
Sweep look(const lmdb::ReadTransaction& read, const Tables& tables, const std::vector<SpoolId>& files,
           Timestamp now) {
  Sweep sweep;
  std::vector<SpoolId> noted;
  for (std::string& key : read_dropped(read, tables)) {
    noted.push_back(SpoolId::from_bytes(std::string_view(key).substr(8)));
    if (to_timestamp(lmdb::read_u64(key)) + keep_dropped <= now) sweep.dropped.push_back(std::move(key));
  }
  std::sort(noted.begin(), noted.end());
  for (const SpoolId& id : files) {
    if (!is_referenced(read, tables, id) && !std::binary_search(noted.begin(), noted.end(), id))
      sweep.orphans.push_back(id);
  }
  return sweep;
}

}  // namespace

Result<std::size_t> Spool::prune_journal(Timestamp older_than, std::size_t most) {
  const State& s = *state_;
  // Looked for outside of the write transaction: nothing adds lines to messages that are gone but a
  // scheduler's late note.
  auto old = s.environment.read([&](lmdb::ReadTransaction& read) {
    return Old{old_lines(read, s.tables, older_than, most), old_history(read, s.tables, older_than, most),
               old_suppressions(read, s.tables, s.clock.now(), most)};
  });
  if (!old) return std::move(old).error();
  if (old->size() == 0) return std::size_t{0};
  auto done = state_->environment.write([&](lmdb::WriteTransaction& write) -> Result<void> {
    for (const std::string& key : old->lines) write.erase(s.tables.journal, key);
    for (const std::string& key : old->history) write.erase(s.tables.history, key);
    for (const std::string& key : old->suppressions) write.erase(s.tables.suppressed, key);
    s.at_step("prune: erased");
    return {};
  });
  if (!done) return std::move(done).error();
  s.at_step("prune: committed");
  return old->size();
}

Result<std::vector<SpoolId>> Spool::orphans() const {
  const State& s = *state_;
  const auto files = files_in(s.bodies_folder);
  auto sweep = s.environment.read(
      [&](lmdb::ReadTransaction& read) { return look(read, s.tables, files, s.clock.now()); });
  if (!sweep) return std::move(sweep).error();
  return std::move(sweep->orphans);
}

Result<std::size_t> Spool::sweep_files() {
  const State& s = *state_;
  const UniqueFd backup(::open((s.folder + "/backup.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  if (!backup || ::flock(backup.get(), LOCK_EX | LOCK_NB) != 0)
    return std::size_t{0};  // a backup reads the files
  const auto nothing = [](const Sweep& sweep) { return sweep.dropped.empty() && sweep.orphans.empty(); };
  const auto files = files_in(s.bodies_folder);
  const Timestamp now = s.clock.now();
  auto seen = s.environment.read(
      [&](lmdb::ReadTransaction& read) { return nothing(look(read, s.tables, files, now)); });
  if (!seen) return std::move(seen).error();
  if (*seen) return std::size_t{0};

  std::size_t unlinked = 0;
  const auto unlink = [&](const SpoolId& id) {
    if (::unlink(body_path(s.bodies_folder, id).c_str()) == 0) ++unlinked;
  };
  // Files are linked inside write transactions only, so in here a file without a record is exactly an orphan.
  auto done = state_->environment.write([&](lmdb::WriteTransaction& write) -> Result<void> {
    const Sweep sweep = look(write, s.tables, files, now);
    for (const SpoolId& id : sweep.orphans) unlink(id);
    for (const std::string& key : sweep.dropped) {
      unlink(SpoolId::from_bytes(std::string_view(key).substr(8)));
      write.erase(s.tables.dropped, key);
    }
    s.at_step("sweep: unlinked");
    return {};
  });
  if (!done) return std::move(done).error();
  s.at_step("sweep: committed");
  return unlinked;
}

Result<std::optional<UniqueFd>> Spool::hold_files() const {
  const std::string path = state_->folder + "/backup.lock";
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  if (!lock) return system_failure(path, errno);
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return std::optional<UniqueFd>();
  return std::optional<UniqueFd>(std::move(lock));
}

}  // namespace tubepost::spool
