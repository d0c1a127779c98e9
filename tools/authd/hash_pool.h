// The few threads that hash passwords. A hash takes some 20 ms of a processor and 16 MiB of memory: a flood
// of logins waits here, in a bounded queue, and leaves the machine to the rest of the mail system.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tubepost::authd {

class HashPool {
public:
  using Job = std::function<void()>;

  HashPool(std::size_t threads, std::size_t queue_max);
  ~HashPool();  // jobs begun are finished, waiting ones dropped

  bool submit(Job job);  // false: the queue is full. Any thread; the job must not throw

private:
  void run();

  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tubepost::authd
