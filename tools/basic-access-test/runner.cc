#include "basic-access-test/runner.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.h"

namespace tubepost::basic_access_test {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds progress_interval{100};

// Shared by the runner and the threads, of which some may outlive it: hence by shared_ptr.
struct Finish {
  std::mutex mutex;
  std::condition_variable changed;
};

struct Work {
  const Probe* probe = nullptr;
  std::shared_ptr<Findings> findings;
  enum class State { waiting, running, done, late, never } state = State::waiting;
  SteadyClock::time_point begun{}, deadline{};
  std::shared_ptr<bool> finished = std::make_shared<bool>(false);  // under Finish::mutex
  std::thread
      thread{};  // joined once finished: what OpenSSL keeps for a thread must be gone before the process ends
};

std::string seconds_text(std::chrono::milliseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::duration<long long, std::deci>>(time).count();
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

class Schedule {
public:
  Schedule(const Plan& plan, const RunLimits& limits, const std::vector<std::string>& secrets)
      : limits_(limits), end_(SteadyClock::now() + limits.total), finish_(std::make_shared<Finish>()) {
    for (const Probe& probe : plan.probes()) {
      Work work;
      work.probe = &probe;
      work.findings = std::make_shared<Findings>(secrets);
      works_.push_back(std::move(work));
    }
  }

  // Until all are done, late or never begun. True: some overran.
  bool work_off(const std::function<void(const Progress&)>& on_progress) {
    std::unique_lock lock(finish_->mutex);
    for (;;) {
      settle();
      if (SteadyClock::now() >= end_) give_up();
      begin_some();
      if (on_progress) on_progress(progress());
      if (running_.empty() && waiting() == 0) break;
      finish_->changed.wait_until(lock, std::min(next_deadline(), SteadyClock::now() + progress_interval));
    }
    return overran_;
  }

  std::vector<Finding> results() {
    std::vector<Finding> all;
    for (Work& work : works_) {
      fill_gaps(work);
      for (Finding& result : work.findings->take()) all.push_back(std::move(result));
    }
    return all;
  }

private:
  void settle() {
    const auto now = SteadyClock::now();
    std::erase_if(running_, [&](Work* work) {
      if (*work->finished) {
        work->state = Work::State::done;
        work->thread.join();  // it needs the lock no more
      } else if (now >= work->deadline) {
        work->state = Work::State::late;
        work->thread.detach();
        overran_ = true;
      } else {
        return false;
      }
      lanes_.erase(work->probe->lane);
      ++done_;
      return true;
    });
  }

  void give_up() {
    for (Work& work : works_)
      if (work.state == Work::State::waiting) work.state = Work::State::never, ++done_;
  }

  void begin_some() {
    for (Work& work : works_) {
      if (running_.size() >= limits_.side_by_side) return;
      const std::string& lane = work.probe->lane;
      if (work.state != Work::State::waiting || (!lane.empty() && lanes_.count(lane) > 0)) continue;
      if (!lane.empty()) lanes_.insert(lane);
      begin(work);
    }
  }

  void begin(Work& work) {
    const auto limit = work.probe->limit.count() > 0 ? work.probe->limit : limits_.probe;
    work.state = Work::State::running;
    work.begun = SteadyClock::now();
    work.deadline = std::min(end_, work.begun + limit);
    work.findings->start_clock();
    running_.push_back(&work);
    // Its own copies: the thread may outlive the plan.
    work.thread = std::thread(
        [run = work.probe->run, findings = work.findings, finished = work.finished, finish = finish_] {
          run(*findings);
          const std::lock_guard lock(finish->mutex);
          *finished = true;
          finish->changed.notify_all();
        });
  }

  SteadyClock::time_point next_deadline() const {
    auto next = end_;
    for (const Work* work : running_) next = std::min(next, work->deadline);
    return next;
  }

  std::size_t waiting() const {
    std::size_t count = 0;
    for (const Work& work : works_) count += work.state == Work::State::waiting ? 1U : 0U;
    return count;
  }

  Progress progress() const {
    return {done_, works_.size(), running_.empty() ? "" : running_.front()->probe->name};
  }

  void fill_gaps(Work& work) const {
    Findings& findings = *work.findings;
    const Probe& probe = *work.probe;
    for (const CheckId check : probe.checks) {
      if (findings.has(check)) continue;
      const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(work.deadline - work.begun);
      if (work.state == Work::State::never)
        findings.skip(check, probe.subject, "the time for all checks was over before its turn");
      else if (work.state != Work::State::late)
        findings.skip(check, probe.subject, "what it needs did not come about; see the checks before it");
      else if (probe.skipped_when_late)
        findings.skip(check, probe.subject, "no answer within " + seconds_text(spent));
      else
        findings.fail(check, probe.subject, "not done within " + seconds_text(spent));
    }
  }

  RunLimits limits_;
  SteadyClock::time_point end_;
  std::shared_ptr<Finish> finish_;
  std::vector<Work> works_;
  std::vector<Work*> running_;  // the one begun longest ago first
  std::set<std::string> lanes_;
  std::size_t done_ = 0;
  bool overran_ = false;
};

}  // namespace

void Plan::skip(CheckId check, std::string subject, std::string reason) {
  Probe probe;
  probe.name = probe.subject = subject;
  probe.run = [check, subject = std::move(subject), reason = std::move(reason)](Findings& findings) {
    findings.skip(check, subject, reason);
  };
  add(std::move(probe));
}

std::vector<Finding> Runner::run(const Plan& plan, const std::function<void(const Progress&)>& on_progress) {
  Schedule schedule(plan, limits_, secrets_);
  left_behind_ = schedule.work_off(on_progress);
  return schedule.results();
}

}  // namespace tubepost::basic_access_test
