#include "lmdb/group_commit.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace tubepost::lmdb {

// One call of commit(), on its caller's stack. It waits on a futex of its own: a wake-up is one system call
// that touches no lock, so that two hundred of them do not queue up behind each other (std::atomic::wait
// would yield the processor first).
struct GroupCommit::Waiter {
  const Write* write;
  std::size_t bytes;
  Result<void> result;
  std::atomic<std::uint32_t> finished{0};

  void wait() {
    while (finished.load(std::memory_order_acquire) == 0)
      ::syscall(SYS_futex, &finished, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  // Afterwards this object may be gone: the waiter can return before the wake-up comes, which then wakes
  // nobody, or somebody whose own loop sends it back to sleep.
  void finish() {
    const void* address = &finished;
    finished.store(1, std::memory_order_release);
    ::syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
};

GroupCommit::GroupCommit(Environment& environment, std::function<void()> after_commit,
                         std::function<void()> commit_failed, Limits limits)
    : environment_(environment),
      after_commit_(std::move(after_commit)),
      commit_failed_(std::move(commit_failed)),
      limits_(limits),
      committer_([this] { run(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  committer_.join();
}

Result<void> GroupCommit::commit(const Write& write, std::size_t bytes) {
  Waiter waiter{&write, bytes, {}, {}};
  bool is_alone = false;
  {
    const std::lock_guard lock(mutex_);
    is_alone = !busy_ && waiting_.empty();
    if (is_alone)
      busy_ = true;
    else
      waiting_.push_back(&waiter);  // whoever is at work sees it, or calls the committer when done
  }
  if (is_alone) return commit_alone(waiter);
  waiter.wait();
  return std::move(waiter.result);
}

Result<void> GroupCommit::commit_alone(Waiter& waiter) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  Waiter* const one = &waiter;
  apply({&one, 1});
  {
    const std::lock_guard lock(mutex_);
    busy_ = false;
    if (stopping_ || !waiting_.empty())
      work_.notify_one();  // under the lock: behind it the destructor may be through
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return std::move(waiter.result);
}

std::vector<GroupCommit::Waiter*> GroupCommit::take_batch() {
  std::vector<Waiter*> batch;
  std::size_t bytes = 0;
  while (!waiting_.empty() && batch.size() < limits_.writes && (batch.empty() || bytes < limits_.bytes)) {
    bytes += waiting_.front()->bytes;
    batch.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return batch;
}

void GroupCommit::run() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return !busy_ && (stopping_ || !waiting_.empty()); });
    if (waiting_.empty()) return;
    busy_ = true;
    const auto batch = take_batch();
    lock.unlock();
    apply(batch);
    for (Waiter* waiter : batch) waiter->finish();
    lock.lock();
    busy_ = false;
  }
}

void GroupCommit::apply(std::span<Waiter* const> batch) noexcept {
  if (!apply_as_one(batch) && batch.size() > 1)
    for (std::size_t i = 0; i < batch.size(); ++i) apply_as_one(batch.subspan(i, 1));
  bool durable = false;
  for (const Waiter* waiter : batch) durable = durable || waiter->result.has_value();
  if (durable && after_commit_) after_commit_();
}

// One transaction. False: one of its writes failed, and all are undone; a failure of the commit itself is
// everybody's, and final, but for a full disk.
bool GroupCommit::apply_as_one(std::span<Waiter* const> batch) {
  bool writing = false;
  const auto committed = environment_.write([&](WriteTransaction& transaction) -> Result<void> {
    for (const Waiter* waiter : batch) {
      writing = true;  // until it returns: it may throw
      if (auto done = (*waiter->write)(transaction); !done) return done;
      writing = false;
    }
    return {};
  });
  for (Waiter* waiter : batch) waiter->result = committed;
  if (committed || writing) return committed.has_value();
  // A full disk is found out before anything refers to the pages that could not be written (data, fsync, then the meta
  // page), so the next commit is as good as any. Had the meta page failed, LMDB would refuse every later transaction
  // (MDB_PANIC), and that is final.
  if (committed.error().status == EnhancedStatus{4, 3, 1}) return true;
  if (!commit_has_failed_ && commit_failed_) commit_failed_();
  commit_has_failed_ = true;
  return true;
}

}  // namespace tubepost::lmdb
