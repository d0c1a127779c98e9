// The processes of one kind of worker (deliver) and the jobs that wait for them. Decides who
// runs what, and what a death means (design.md 2, poison): after a death the batch runs again one job at a
// time, and only a crash signal or a silence while alone counts against a job.
//
// Threading: one thread; nothing here blocks. Times are since boot, except where they say Timestamp.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "log/logger.h"
#include "qrun/worker.h"

namespace tubepost::qrun {

struct WorkerKind {
  std::string name;  // for logs
  std::vector<std::string> argv;
  std::size_t processes = 1;
  std::size_t window = 500;  // jobs given to one process before it has answered
};

// Died by a signal of its own doing. SIGKILL and SIGTERM come from outside.
bool is_crash(const process::Ended& ended);

// What became of jobs since the last look. Each job is in exactly one list.
struct PoolNews {
  struct Crash {
    Job job;
    std::string how;  // "crashed (signal 11)", "said nothing for 10m"
  };
  std::vector<std::pair<Job, Answer>> answers;
  std::vector<Crash> crashes;
  std::vector<Job> given_back;  // nobody's fault: to be claimed again
  std::string why_given_back;
  Milliseconds pause{0};  // how long to wait before that
};

class WorkerPool {
public:
  WorkerPool(WorkerKind kind, int lock, const log::Logger& logger);

  void add(Job job);                                 // a job that crashed before runs alone
  void forget(const std::vector<JobKey>& recorded);  // see job.h
  // Everything that can be done now: start processes, write, read, judge the dead and the silent.
  PoolNews work(Milliseconds now, Milliseconds job_timeout);
  // From now on no process is started and no job given; those that no process has come back.
  std::vector<Job> stop();
  void end();  // each process ends when it has done what it was given

  std::size_t jobs() const;  // waiting and given
  bool is_idle() const { return jobs() == 0; }
  bool has_ended() const;  // after end(): no process is left
  bool is_broken() const { return failures_ > 0; }
  // When work() must be called though no descriptor is ready.
  std::optional<Milliseconds> next_look(Milliseconds job_timeout) const;
  void add_to(std::vector<pollfd>& descriptors) const;

  struct Statistics {
    std::uint64_t started = 0, died = 0, crashed_alone = 0;
  };
  const Statistics& statistics() const { return statistics_; }

private:
  struct Slot {
    std::optional<Worker> worker;
    bool alone = false;      // its one job is a suspect
    bool timed_out = false;  // we killed it for its silence
  };

  void start_missing(Milliseconds now, PoolNews& news);
  void send_forgotten(Worker& worker);
  void fill(Slot& slot, Milliseconds now);
  void exchange(Slot& slot, Milliseconds now, PoolNews& news);
  void judge_silence(Slot& slot, Milliseconds now, Milliseconds job_timeout);
  void bury(Slot& slot, const process::Ended& ended, Milliseconds now, PoolNews& news);
  void judge_suspect(Slot& slot, const process::Ended& ended, bool crashed, PoolNews& news, Milliseconds now);
  void give_all_back(const std::string& why, Milliseconds now, PoolNews& news);
  void take(Worker::News found, PoolNews& news);
  bool any_running() const;

  WorkerKind kind_;
  int lock_;
  const log::Logger& logger_;
  std::vector<Slot> slots_;
  std::deque<Job> waiting_, suspects_;
  std::vector<JobKey> to_forget_;
  unsigned failures_ = 0;        // starts in a row that came to nothing
  unsigned crashes_in_row_ = 0;  // of suspects, with no answer between: the worker is to blame, not the mail
  Milliseconds not_before_{0};
  bool stopping_ = false;
  Statistics statistics_;
};

}  // namespace tubepost::qrun
