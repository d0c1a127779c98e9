// What an open spool holds. Internal to this library.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "lmdb/environment.h"
#include "lmdb/group_commit.h"
#include "spool/schema.h"
#include "spool/spool.h"

namespace tubepost::spool {

struct Spool::State {
  State(const std::string& spool_folder, const Options& spool_options, const Clock& spool_clock,
        lmdb::Environment env)
      : folder(spool_folder),
        bodies_folder(spool_folder + "/bodies"),
        options(spool_options),
        clock(spool_clock),
        environment(std::move(env)) {}

  std::string folder, bodies_folder;
  Options options;
  const Clock& clock;
  lmdb::Environment environment;
  Tables tables;
  UniqueFd wake;  // the FIFO; not open: somebody else's business

  // Free bytes for intake, as of `room_until` (milliseconds since boot); see check_room.
  mutable std::mutex room_mutex;
  mutable std::atomic<std::int64_t> room{0}, room_until{-1};

  std::unique_ptr<lmdb::GroupCommit> committer;  // last: it uses all of the above, and ends first

  void nudge() const;
  void at_step(const char* step) const {
    if (options.at_step) options.at_step(step);
  }
  BodyWriter new_body() const;
  // Durable, by the committer or in this thread; wakes qrun.
  Result<void> commit(const lmdb::GroupCommit::Write& write, std::size_t bytes);
  // False: `domain` was expedited less than `interval` ago; true: it is noted that it is now.
  Result<bool> may_expedite(const std::string& domain, Milliseconds interval);
};

}  // namespace tubepost::spool
