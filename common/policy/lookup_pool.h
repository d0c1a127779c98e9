// A few threads for look-ups that block, so that several run side by side and one deadline holds for all of
// them. Threads start when there is work for them; a job that cannot be taken is refused, never waited for.
//
//   LookupRound round(jobs, deadline);  each job calls round->done(i, answer); round->wait() gives what has come
//
// Threading: any thread. The destructor waits for the jobs that run, which are bounded by their resolver's
// time, and drops those that have not begun.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace tubepost::policy {

class LookupPool {
public:
  explicit LookupPool(unsigned threads_max, std::size_t queue_max = 1000);
  LookupPool(const LookupPool&) = delete;
  ~LookupPool();
  bool submit(std::function<void()> job);  // false: too many wait

private:
  void run();
  const unsigned threads_max_;
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

// What several jobs answer, as far as they do in time. Shared by the one who waits and the jobs, which may end
// when nobody waits any more.
template <class Answer>
class LookupRound {
public:
  LookupRound(std::size_t jobs, std::chrono::milliseconds limit)
      : end_(std::chrono::steady_clock::now() + limit), answers_(jobs), missing_(jobs) {}

  bool is_over() const { return std::chrono::steady_clock::now() >= end_; }  // a job need not begin
  void done(std::size_t which, Answer answer) {
    bool is_last = false;
    {
      const std::lock_guard lock(mutex_);
      answers_[which] = std::move(answer);
      is_last = --missing_ == 0;
    }
    if (is_last) changed_.notify_all();  // who waits, waits for all of them
  }
  // In the order of the jobs; nullopt: not in time.
  std::vector<std::optional<Answer>> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, end_, [this] { return missing_ == 0; });
    return answers_;
  }

private:
  const std::chrono::steady_clock::time_point end_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Answer>> answers_;
  std::size_t missing_;
};

}  // namespace tubepost::policy
