#include "policy/lookup_pool.h"

#include <system_error>

namespace tubepost::policy {

LookupPool::LookupPool(unsigned threads_max, std::size_t queue_max)
    : threads_max_(threads_max), queue_max_(queue_max) {}

LookupPool::~LookupPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  work_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool LookupPool::submit(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= queue_max_) return false;
  if (idle_ <= queue_.size() && threads_.size() < threads_max_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;  // the others will get to it
    }
  }
  queue_.push_back(std::move(job));
  work_.notify_one();
  return true;
}

void LookupPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    const auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace tubepost::policy
