// Worker processes: forked, restarted with a growing pause when they die, told to stop and to reload.
// Threading: one thread, before the process has others.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <vector>

#include "base/exit_status.h"
#include "log/logger.h"

namespace tubepost::process {
class SignalSource;
}

namespace tubepost::net {

class WorkerPool {
public:
  struct Plan {
    unsigned workers = 1;
    std::chrono::seconds grace{30};
    std::function<ExitStatus(unsigned worker)>
        work;  // runs in the worker; its result is the worker's exit status
    std::function<void(unsigned worker)> worker_died;  // runs here
    std::function<void()> all_started;                 // once
    std::function<void()> succeeding;                  // SIGUSR1: before they do
    std::function<void()> stopping;                    // once: the listeners may go
  };
  WorkerPool(Plan plan, process::SignalSource& signals, const log::Logger& logger);
  // Until SIGTERM or SIGINT (0), or until a worker says that its configuration is wrong (78).
  ExitStatus run();

private:
  using Clock = std::chrono::steady_clock;
  struct Worker {
    pid_t pid = -1;  // -1: not running
    Clock::time_point started{}, start_at{};
    unsigned early_deaths = 0;
  };
  void start(unsigned number);
  void start_what_is_due();
  void reap();
  void ended(unsigned number, int wait_status);
  void take_signals();
  void tell_all(int signal) const;
  void stop(ExitStatus status);
  bool any_running() const;
  int milliseconds_to_next() const;

  Plan plan_;
  process::SignalSource& signals_;
  const log::Logger& logger_;
  std::vector<Worker> workers_;
  bool stopping_ = false;
  Clock::time_point kill_at_{};
  ExitStatus status_ = ExitStatus::ok;
};

}  // namespace tubepost::net
