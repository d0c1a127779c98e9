#include "greylist/store.h"

#include <algorithm>

#include "base/file.h"

namespace tubepost::greylist {
namespace {

constexpr std::string_view schema_version = "1";
constexpr std::size_t triplet = 0, client = 1;  // places in Keys

std::uint64_t to_number(Timestamp time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}
Timestamp to_time(std::uint64_t number) { return Timestamp(Milliseconds(static_cast<std::int64_t>(number))); }

Result<void> check_schema(lmdb::WriteTransaction& transaction, lmdb::Table meta, Timestamp now) {
  const auto version = transaction.get(meta, "schema");
  if (version && *version != schema_version)
    return Failure::permanent("greylist/ was written by a newer version of this program");
  if (version) return {};
  std::string since;
  lmdb::append_u64(since, to_number(now));
  transaction.put(meta, "since", since);
  transaction.put(meta, "schema", schema_version);
  return {};
}

}  // namespace

std::string encode(const Entry& entry) {
  std::string bytes;
  bytes.reserve(28);
  lmdb::append_u64(bytes, to_number(entry.first));
  lmdb::append_u64(bytes, to_number(entry.last));
  lmdb::append_u64(bytes, entry.passed ? to_number(*entry.passed) : 0);
  lmdb::append_u32(bytes, entry.count);
  return bytes;
}

std::optional<Entry> decode_entry(std::string_view bytes) {
  if (bytes.size() != 28) return std::nullopt;
  Entry entry{to_time(lmdb::read_u64(bytes)), to_time(lmdb::read_u64(bytes.substr(8))), std::nullopt,
              lmdb::read_u32(bytes.substr(24))};
  if (const auto passed = lmdb::read_u64(bytes.substr(16)); passed != 0) entry.passed = to_time(passed);
  return entry;
}

Result<std::unique_ptr<Store>> Store::open(const std::string& folder, const Clock& clock) {
  if (auto made = make_directory(folder, 0700); !made) return std::move(made).error();
  lmdb::Environment::Options options;
  options.create = true;
  auto environment = lmdb::Environment::open(folder, options);
  if (!environment) return std::move(environment).error();
  auto tables = environment->open_tables({"records", "meta"});
  if (!tables) return std::move(tables).error();
  const auto known = environment->read([&](const lmdb::ReadTransaction& transaction) {
    return transaction.get((*tables)[1], "schema") == schema_version;
  });
  if (!known) return known.error();
  if (!*known) {
    auto checked = environment->write([&](lmdb::WriteTransaction& transaction) {
      return check_schema(transaction, (*tables)[1], clock.now());
    });
    if (!checked) return std::move(checked).error();
  }
  return std::make_unique<Store>(std::move(*environment), std::move(*tables), clock);
}

Store::Store(lmdb::Environment environment, std::vector<lmdb::Table> tables, const Clock& clock)
    : environment_(std::move(environment)), records_(tables[0]), meta_(tables[1]), clock_(clock) {
  const auto count = environment_.read(
      [&](const lmdb::ReadTransaction& transaction) { return transaction.count(records_); });
  if (count) record_count_ = *count;
}

Result<Step> Store::ask(const Triplet& asked, const Parameters& parameters) {
  const Keys keys{triplet_key(asked), client_key(asked.client)};
  for (;;) {
    std::uint64_t commits_before = 0;
    bool is_full = false;
    {
      const std::lock_guard lock(mutex_);
      commits_before = commits_;
      is_full = waiting_.size() >= waiting_max;
    }
    if (is_full)
      if (auto done = commit(parameters); !done) return std::move(done).error();
    auto stored = read(keys);
    if (!stored) return std::move(stored).error();
    const std::lock_guard lock(mutex_);
    // A commit has moved what we did not find there from memory to the database, or is newer than what we read.
    if (commits_before != commits_) continue;
    return judge(keys, std::move(*stored), parameters);
  }
}

Result<Store::Stored> Store::read(const Keys& keys) const {
  return environment_.read([&](const lmdb::ReadTransaction& transaction) {
    Stored stored;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (const auto bytes = transaction.get(records_, keys[i])) stored[i] = decode_entry(*bytes);
    return stored;
  });
}

// With mutex_ held.
Result<Step> Store::judge(const Keys& keys, Stored stored, const Parameters& parameters) {
  overlay(keys, stored);
  const auto now = clock_.now();
  statistics_.add(Count::requests);
  auto& of_client = stored[client];
  if (of_client && is_expired(*of_client, now, parameters)) of_client.reset();
  if (parameters.exempt_after > 0 && of_client && of_client->count >= parameters.exempt_after) {
    auto step = decide(of_client, now, parameters);
    step.outcome = Outcome::exempt;
    if (step.changed) remember(keys[client], step.entry, false);
    statistics_.add(Count::exempt);
    return step;
  }
  const auto step = decide(stored[triplet], now, parameters);
  if (!stored[triplet] && record_count_ + waiting_.size() >= parameters.records_max) {
    statistics_.add(Count::beyond_limit);
    return Failure::permanent("greylist.records-max is reached", {5, 7, 0});
  }
  // While nothing can be written, whoever is told to come back would be a stranger again then.
  if (failing_ && is_delayed(step.outcome)) return Failure::temporary("records cannot be written");
  if (step.changed) remember(keys[triplet], step.entry, !stored[triplet]);
  if (step.outcome == Outcome::came_back && parameters.exempt_after > 0) {
    Entry entry = of_client.value_or(Entry{now, now, now, 0});
    entry.last = now;
    ++entry.count;
    remember(keys[client], entry, !of_client);
  }
  note(step, stored[triplet]);
  return step;
}

void Store::overlay(const Keys& keys, Stored& stored) const {
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (const Waitings* waitings : {&in_commit_, &waiting_})
      if (const auto found = waitings->find(keys[i]); found != waitings->end())
        stored[i] = found->second.entry;
}

void Store::remember(const std::string& key, const Entry& entry, bool is_new) {
  auto [place, added] = waiting_.try_emplace(key, Waiting{entry, is_new});
  // What was new in this batch, or in the one being written, stays new: nobody else has seen it.
  if (!added)
    place->second.entry = entry;
  else if (const auto before = in_commit_.find(key); before != in_commit_.end())
    place->second.is_new = before->second.is_new;
  if (added && waiting_.size() == waiting_max / 2 && half_full_) half_full_();
}

void Store::note(const Step& step, const std::optional<Entry>& before) {
  constexpr Count outcomes[] = {Count::first, Count::early, Count::came_back, Count::known, Count::exempt};
  statistics_.add(outcomes[static_cast<std::size_t>(step.outcome)]);
  if (step.outcome == Outcome::came_back) statistics_.add_return(step.wait);
  if (step.outcome == Outcome::first && before) statistics_.add(count_of_expired(*before));
}

void Store::count(Count what) {
  const std::lock_guard lock(mutex_);
  statistics_.add(Count::requests);
  statistics_.add(what);
}

bool Store::has_waiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

Result<void> Store::commit(const Parameters& parameters) {
  const std::lock_guard one_at_a_time(commit_mutex_);
  const auto old = sweep(parameters);
  {
    const std::lock_guard lock(mutex_);
    in_commit_ = std::exchange(waiting_, {});
    statistics_in_commit_ = std::exchange(statistics_, {});
    if (in_commit_.empty() && statistics_in_commit_.empty() && old.empty()) return {};
  }
  std::uint64_t records = 0;
  auto written = environment_.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    write_waiting(transaction);
    Statistics more = statistics_in_commit_;
    forget(transaction, old, parameters, more);
    add_statistics(transaction, more);
    records = transaction.count(records_);
    return {};
  });
  if (written) {
    const std::lock_guard lock(mutex_);
    record_count_ = records;
  }
  end_commit(written.has_value());
  return written;
}

void Store::write_waiting(lmdb::WriteTransaction& transaction) {
  for (const auto& [key, waiting] : in_commit_)
    if (waiting.is_new || transaction.get(records_, key))
      transaction.put(records_, key, encode(waiting.entry));
}

void Store::end_commit(bool written) {
  Waitings over;  // destroyed behind the lock: to free so many would be a pause
  const std::lock_guard lock(mutex_);
  if (!written) {
    waiting_.merge(in_commit_);  // what has come since is newer and stays
    statistics_.add(statistics_in_commit_);
  }
  over.swap(in_commit_);
  failing_ = !written;
  ++commits_;
}

// The keys of what has expired among the next rows. With commit_mutex_ held.
std::vector<std::string> Store::sweep(const Parameters& parameters) {
  std::vector<std::string> old;
  const auto rows = rows_after(sweep_position_, "");
  if (!rows) return old;
  const auto now = clock_.now();
  for (const auto& row : *rows)
    if (is_expired(row.entry, now, parameters)) old.push_back(row.key);
  sweep_position_ = rows->size() < sweep_rows ? std::string() : rows->back().key;
  return old;
}

std::size_t Store::forget(lmdb::WriteTransaction& transaction, const std::vector<std::string>& keys,
                          const Parameters& parameters, Statistics& expired) const {
  const auto now = clock_.now();
  std::size_t forgotten = 0;
  for (const auto& key : keys) {
    const auto bytes = transaction.get(records_, key);
    if (!bytes) continue;
    const auto entry = decode_entry(*bytes).value_or(Entry{});
    if (!is_expired(entry, now, parameters)) continue;  // it has been used meanwhile
    transaction.erase(records_, key);
    if (key.starts_with('t')) expired.add(count_of_expired(entry));
    ++forgotten;
  }
  return forgotten;
}

void Store::add_statistics(lmdb::WriteTransaction& transaction, const Statistics& more) const {
  if (more.empty()) return;
  auto sum = Statistics::decode(transaction.get(meta_, "statistics").value_or(std::string_view()));
  sum.add(more);
  transaction.put(meta_, "statistics", sum.encode());
}

Result<std::vector<Row>> Store::rows_after(const std::string& position, std::string_view prefix) const {
  return environment_.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<Row> rows;
    auto cursor = transaction.cursor(records_);
    bool there =
        position.empty() ? (prefix.empty() ? cursor.first() : cursor.seek(prefix)) : cursor.seek(position);
    if (there && !position.empty() && cursor.key() == position) there = cursor.next();
    for (; there && cursor.key().starts_with(prefix) && rows.size() < sweep_rows; there = cursor.next())
      // What cannot be read has no use and no age: as a record of 1970 it is swept away.
      rows.push_back({std::string(cursor.key()), decode_entry(cursor.value()).value_or(Entry{})});
    return rows;
  });
}

Result<std::size_t> Store::remove(const std::vector<std::string>& keys) {
  std::size_t removed = 0;
  auto done = environment_.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    removed = 0;
    for (const auto& key : keys) removed += transaction.erase(records_, key) ? 1 : 0;
    return {};
  });
  if (!done) return std::move(done).error();
  return removed;
}

Result<std::size_t> Store::purge(const Parameters& parameters) {
  std::size_t forgotten = 0;
  const std::lock_guard one_at_a_time(commit_mutex_);
  sweep_position_.clear();
  do {
    const auto old = sweep(parameters);
    if (old.empty()) continue;
    auto done = environment_.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      Statistics expired;
      forgotten += forget(transaction, old, parameters, expired);
      add_statistics(transaction, expired);
      return {};
    });
    if (!done) return std::move(done).error();
  } while (!sweep_position_.empty());
  return forgotten;
}

Result<Store::Report> Store::report() const {
  return environment_.read([&](const lmdb::ReadTransaction& transaction) {
    Report report;
    report.statistics = Statistics::decode(transaction.get(meta_, "statistics").value_or(std::string_view()));
    const auto since = transaction.get(meta_, "since");
    if (since && since->size() == 8) report.since = to_time(lmdb::read_u64(*since));
    return report;
  });
}

}  // namespace tubepost::greylist
