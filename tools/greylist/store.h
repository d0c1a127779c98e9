// The database of greylist (RFC 6647 8.2), HOME/greylist: one LMDB environment.
//
//   records  key (key.h)  -> u64 first, u64 last, u64 passed (0: pending), u32 count     milliseconds since 1970
//   meta     "schema"     -> decimal version of this grammar
//            "statistics" -> Statistics
//            "since"      -> u64, when counting began
//
// ask() decides from memory: LMDB's map, and over it what has not been committed yet. Nothing is on disk until
// commit(); a crash before it costs whoever asked one more delay. What waits is bounded by waiting_max entries
// (some 20 MB; while a commit of so many runs, up to 80 MB of dirty pages more); whoever would exceed it commits first. commit() also looks at
// the next sweep_rows records for expired ones, so that there is never a long purge, and a decision never
// waits for one: readers of LMDB do not wait for its writer.
//
// Several processes may use one database (children on stdio, the service, the commands). A record that another
// process removed while it was in use here stays removed. Threading: any thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "greylist/key.h"
#include "greylist/statistics.h"
#include "lmdb/environment.h"

namespace tubepost::greylist {

inline constexpr std::size_t waiting_max = 20'000;
inline constexpr std::size_t sweep_rows = 2000;

struct Row {
  std::string key;
  Entry entry;
};

class Store {
public:
  // Makes the folder and the files where they are missing.
  static Result<std::unique_ptr<Store>> open(const std::string& folder, const Clock& clock);
  Store(lmdb::Environment environment, std::vector<lmdb::Table> tables, const Clock& clock);

  // A Failure: it could not be recorded (the disk is full, …), or records_max is reached (5.7.0 marks that
  // one): let it through.
  Result<Step> ask(const Triplet& triplet, const Parameters& parameters);
  void count(Count what);
  // Whether there is anything that is not on disk yet.
  bool has_waiting() const;
  // `call` is for whoever commits to hear that half of what may wait does: if that begins now, nobody has to wait for it. Comes from
  // whoever asks, under the lock of this store, whose functions it must not call. To be set before anybody asks.
  void call_when_half_full(std::function<void()> call) { half_full_ = std::move(call); }
  // Writes what waits, and forgets some of what has expired.
  Result<void> commit(const Parameters& parameters);

  // ---- for the commands; each works beside a running service

  // Up to sweep_rows rows whose keys come after `position` and begin with `prefix`; empty: there are no more.
  Result<std::vector<Row>> rows_after(const std::string& position, std::string_view prefix) const;
  Result<std::size_t> remove(const std::vector<std::string>& keys);
  Result<std::size_t> purge(
      const Parameters& parameters);  // all that has expired, in many small transactions
  struct Report {
    Statistics statistics;
    Timestamp since{};
  };
  Result<Report> report() const;  // as committed
  Timestamp now() const { return clock_.now(); }

private:
  struct Waiting {
    Entry entry;
    bool is_new;  // nothing was there; else it is written only if there is still something
  };
  using Waitings = std::map<std::string, Waiting>;
  using Keys = std::array<std::string, 2>;
  using Stored = std::array<std::optional<Entry>, 2>;

  Result<Stored> read(const Keys& keys) const;
  Result<Step> judge(const Keys& keys, Stored stored, const Parameters& parameters);
  void overlay(const Keys& keys, Stored& stored) const;
  void remember(const std::string& key, const Entry& entry, bool is_new);
  void note(const Step& step, const std::optional<Entry>& before);
  void write_waiting(lmdb::WriteTransaction& transaction);
  std::vector<std::string> sweep(const Parameters& parameters);
  std::size_t forget(lmdb::WriteTransaction& transaction, const std::vector<std::string>& keys,
                     const Parameters& parameters, Statistics& expired) const;
  void add_statistics(lmdb::WriteTransaction& transaction, const Statistics& more) const;
  void end_commit(bool written);

  lmdb::Environment environment_;
  lmdb::Table records_, meta_;
  const Clock& clock_;
  std::function<void()> half_full_;
  std::mutex commit_mutex_;       // held for a whole commit; taken before mutex_
  std::string sweep_position_;    // guarded by commit_mutex_
  mutable std::mutex mutex_;      // for all below; never held across a read or write of the database
  Waitings waiting_, in_commit_;  // the second is fixed while a commit runs
  Statistics statistics_, statistics_in_commit_;
  std::uint64_t commits_ = 0;       // what was read from the database before the last one may be old
  std::uint64_t record_count_ = 0;  // as of the last commit
  bool failing_ = false;            // the last commit failed
};

std::string encode(const Entry& entry);
std::optional<Entry> decode_entry(std::string_view bytes);

}  // namespace tubepost::greylist
