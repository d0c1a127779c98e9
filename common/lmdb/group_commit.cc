#include "lmdb/group_commit.h"

namespace tubepost::lmdb {

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
  std::unique_lock lock(mutex_);
  waiting_.push_back(&waiter);
  if (waiting_.size() == 1) work_.notify_one();
  waiter.done.wait(lock, [&] { return waiter.result.has_value(); });
  return std::move(*waiter.result);
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
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto batch = take_batch();
    lock.unlock();
    apply(batch);
    lock.lock();
  }
}

void GroupCommit::apply(const std::vector<Waiter*>& batch) {
  // A failure of one write undoes the batch, and each is then tried alone; a failure of the commit is everybody's.
  bool write_failed = false;
  std::vector<Result<void>> results(batch.size());
  auto committed = environment_.write([&](WriteTransaction& transaction) -> Result<void> {
    for (Waiter* waiter : batch) {
      write_failed = true;  // until it returns: it may throw
      if (auto done = (*waiter->write)(transaction); !done) return done;
      write_failed = false;
    }
    return {};
  });
  if (!committed && write_failed && batch.size() > 1) {
    for (std::size_t i = 0; i < batch.size(); ++i) results[i] = environment_.write(*batch[i]->write);
  } else {
    for (auto& result : results) result = committed;
  }
  if (after_commit_ && committed) after_commit_();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i]->result = std::move(results[i]);
    batch[i]->done.notify_one();
  }
  if (!committed && !write_failed && commit_failed_) commit_failed_();
}

}  // namespace tubepost::lmdb
