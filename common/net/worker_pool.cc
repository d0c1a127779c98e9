#include "net/worker_pool.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "net/wait.h"
#include "process/signals.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr auto early = 10s;  // a worker that lived longer was well: it is replaced at once
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 10s;
constexpr auto beyond_grace = 5s;

std::chrono::milliseconds pause_after(unsigned early_deaths) {
  if (early_deaths == 0) return 0ms;
  return std::min<std::chrono::milliseconds>(first_pause * (1U << std::min(early_deaths - 1, 10U)),
                                             longest_pause);
}

}  // namespace

WorkerPool::WorkerPool(Plan plan, process::SignalSource& signals, const log::Logger& logger)
    : plan_(std::move(plan)), signals_(signals), logger_(logger), workers_(plan_.workers) {}

ExitStatus WorkerPool::run() {
  start_what_is_due();
  plan_.all_started();
  while (!stopping_ || any_running()) {
    pollfd signal{signals_.fd(), POLLIN, 0};
    poll_until({&signal, 1}, milliseconds_to_next());
    take_signals();
    reap();
    if (!stopping_) start_what_is_due();
    if (stopping_ && Clock::now() >= kill_at_) tell_all(SIGKILL);
  }
  return status_;
}

void WorkerPool::start(unsigned number) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Without its parent nobody would count for it or stop it.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    std::_Exit(to_int(::getppid() == parent ? plan_.work(number) : ExitStatus::later));
  }
  Worker& worker = workers_[number];
  worker.pid = pid;
  worker.started = Clock::now();
  if (pid < 0) {
    worker.start_at = Clock::now() + pause_after(++worker.early_deaths);
    logger_.error("worker-not-started", {{"worker", number}, {"reason", error_text(errno)}});
  } else {
    logger_.info("worker-started", {{"worker", number}, {"pid", pid}});
  }
}

void WorkerPool::start_what_is_due() {
  for (unsigned i = 0; i < workers_.size(); ++i)
    if (workers_[i].pid < 0 && Clock::now() >= workers_[i].start_at) start(i);
}

void WorkerPool::reap() {
  for (unsigned i = 0; i < workers_.size(); ++i) {
    int status = 0;
    if (workers_[i].pid > 0 && ::waitpid(workers_[i].pid, &status, WNOHANG) == workers_[i].pid)
      ended(i, status);
  }
}

void WorkerPool::ended(unsigned number, int wait_status) {
  Worker& worker = workers_[number];
  plan_.worker_died(number);
  const bool exited = WIFEXITED(wait_status);
  const int code = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);
  const bool as_told = stopping_ && exited && code == 0;
  logger_.event(as_told ? log::Level::info : log::Level::error, "worker-ended",
                {{"worker", number}, {"pid", worker.pid}, {exited ? "status" : "signal", code}});
  worker.pid = -1;
  worker.early_deaths = Clock::now() - worker.started < early ? worker.early_deaths + 1 : 0;
  worker.start_at = Clock::now() + pause_after(worker.early_deaths);
  // Tried again it would say the same until somebody mends the configuration.
  if (exited && code == to_int(ExitStatus::configuration)) stop(ExitStatus::configuration);
}

void WorkerPool::take_signals() {
  while (const int signal = signals_.take()) {
    if (signal == SIGHUP) tell_all(SIGHUP);
    if (signal == SIGUSR1 && plan_.succeeding && !stopping_) plan_.succeeding();
    if (signal == SIGTERM || signal == SIGINT || signal == SIGUSR1) stop(ExitStatus::ok);
  }
}

void WorkerPool::tell_all(int signal) const {
  for (const Worker& worker : workers_)
    if (worker.pid > 0) ::kill(worker.pid, signal);
}

void WorkerPool::stop(ExitStatus status) {
  if (std::exchange(stopping_, true)) return;
  status_ = status;
  kill_at_ = Clock::now() + plan_.grace + beyond_grace;
  plan_.stopping();
  tell_all(SIGTERM);
}

bool WorkerPool::any_running() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.pid > 0; });
}

int WorkerPool::milliseconds_to_next() const {
  if (stopping_)
    return Deadline(std::chrono::ceil<std::chrono::milliseconds>(kill_at_ - Clock::now()) + 1ms)
        .poll_milliseconds();
  std::optional<Clock::time_point> next;
  for (const Worker& worker : workers_)
    if (worker.pid < 0) next = next ? std::min(*next, worker.start_at) : worker.start_at;
  if (!next) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now());
  return static_cast<int>(std::max<long long>(left.count(), 0));
}

}  // namespace tubepost::net
