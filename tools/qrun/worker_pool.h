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
#include "qrun/hands.h"
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

class WorkerPool final : public Deliveries {
public:
  WorkerPool(WorkerKind kind, int lock, const log::Logger& logger);

  void add(Job job) override;
  void forget(const std::vector<JobKey>& recorded) override;
  PoolNews work(Milliseconds now, Milliseconds job_timeout) override;
  std::vector<Job> stop() override;
  void end() override;

  std::size_t jobs() const override;
  bool has_ended() const override;
  bool is_broken() const override { return failures_ > 0; }
  std::uint64_t died() const override { return statistics_.died; }
  std::optional<Milliseconds> next_look(Milliseconds job_timeout) const override;
  void add_to(std::vector<pollfd>& descriptors) const override;

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
