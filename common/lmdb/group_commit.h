// Group commit: a commit costs the same fsync for one write or two hundred, so threads hand their writes to
// one committer, which applies all that wait in one transaction, commits once, and wakes them (design.md 3).
// Who comes while nothing is being committed does so himself, on his own thread: a client that is alone waits
// for the disk, and not for two changes of thread besides. What comes meanwhile waits for the committer.
//
// A batch ends at 200 writes or 8 MiB. If one write of a batch fails, the batch is run again singly, so that
// one bad write fails alone; writes must therefore be repeatable. One that throws anything but lmdb::Error ends
// the process. If a commit fails, every waiter gets that failure and, unless the disk is but full (4.3.1),
// `commit_failed` is called, once in the life of this object: the process should stop taking work and exit 75.
// `after_commit` is called when something has become durable, before those who wait for it go on.
//
// Threading: commit() may be called from any thread, and blocks until the write is on disk or has failed;
// writes and both callbacks run on the committer's thread or a caller's, one at a time, with all signals
// blocked.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "lmdb/environment.h"

namespace tubepost::lmdb {

class GroupCommit {
public:
  using Write = std::function<Result<void>(WriteTransaction&)>;

  struct Limits {
    std::size_t writes = 200;
    std::size_t bytes = 8 << 20;
  };

  GroupCommit(Environment& environment, std::function<void()> after_commit,
              std::function<void()> commit_failed, Limits limits);
  ~GroupCommit();  // every waiting write is finished first

  // `bytes`: about how much the write adds, for the size of the batch.
  Result<void> commit(const Write& write, std::size_t bytes = 0);

private:
  struct Waiter;
  void run();
  Result<void> commit_alone(Waiter& waiter);
  std::vector<Waiter*> take_batch();
  void apply(std::span<Waiter* const> batch) noexcept;  // else nobody would ever be at work again
  bool apply_as_one(std::span<Waiter* const> batch);

  Environment& environment_;
  std::function<void()> after_commit_, commit_failed_;
  Limits limits_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Waiter*> waiting_;
  bool stopping_ = false;
  bool busy_ = false;               // the committer or a caller is at work
  bool commit_has_failed_ = false;  // of whoever is at work
  std::thread committer_;
};

}  // namespace tubepost::lmdb
