// One delivery process. Knows which jobs are with it, so that its death says exactly whose fate is open.
// Threading: one thread; nothing here blocks (worker_pipe.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "qrun/job.h"
#include "qrun/worker_pipe.h"

namespace tubepost::qrun {

class Worker {
public:
  // `lock`: the descriptor to inherit, -1 for none. `now`: since boot.
  static Result<Worker> start(const std::vector<std::string>& argv, int lock, Milliseconds now);

  void give(Job job, Milliseconds now);
  void send(const process::Record& record) { pipe_.send(record); }  // no answer is expected
  void end_of_jobs() { pipe_.end_of_jobs(); }

  // What can be written and read now. Broken answers end the process; they are in `problems`.
  struct News {
    std::vector<std::pair<Job, Answer>> answers;
    std::vector<std::string> problems;
  };
  News exchange(Milliseconds now);
  // After its death: what it said last is in `news`, then nothing more comes.
  std::optional<process::Ended> ended(Milliseconds now, News& news);
  std::vector<Job> take_jobs();  // all that are unanswered

  void add_to(std::vector<pollfd>& descriptors) const { pipe_.add_to(descriptors); }
  void kill(int signal) { pipe_.kill(signal); }
  pid_t pid() const { return pipe_.pid(); }
  const std::map<JobKey, Job>& jobs() const { return jobs_; }
  bool has_answered() const { return has_answered_; }
  Milliseconds last_progress() const { return last_progress_; }  // since boot

private:
  Worker(WorkerPipe pipe, Milliseconds now) : pipe_(std::move(pipe)), last_progress_(now) {}
  void take_answers(News& news, Milliseconds now);

  WorkerPipe pipe_;
  bool has_answered_ = false;
  std::map<JobKey, Job> jobs_;
  Milliseconds last_progress_;
};

}  // namespace tubepost::qrun
