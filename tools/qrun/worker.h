// One delivery process and its two pipes: jobs go out without ever blocking, answers come in as they come.
// Knows which jobs are with the process, so that its death says exactly whose fate is open.
//
// Threading: one thread. The process inherits the scheduler's lock (design.md 2), so that a successor of a
// qrun that died waits until this process is done too.
#pragma once

#include <poll.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "process/child.h"
#include "qrun/job.h"

namespace tubepost::qrun {

class Worker {
public:
  // `lock`: the descriptor to inherit, -1 for none. `now`: since boot.
  static Result<Worker> start(const std::vector<std::string>& argv, int lock, Milliseconds now);

  void give(Job job, Milliseconds now);
  void send(const process::Record& record);  // no answer is expected
  void end_of_jobs();                        // the process sees the end of its input once all is written

  // What can be written and read now. Broken answers end the process; they are in `problems`.
  struct News {
    std::vector<std::pair<Job, Answer>> answers;
    std::vector<std::string> problems;
  };
  News exchange(Milliseconds now);
  // After its death: what it said last is in `news`, then nothing more comes.
  std::optional<process::Ended> ended(Milliseconds now, News& news);
  std::vector<Job> take_jobs();  // all that are unanswered

  void add_to(std::vector<pollfd>& descriptors) const;
  void kill(int signal) { child_.kill(signal); }
  pid_t pid() const { return child_.pid(); }
  const std::map<JobKey, Job>& jobs() const { return jobs_; }
  bool has_unwritten() const { return !unwritten_.empty(); }
  bool has_answered() const { return has_answered_; }
  Milliseconds last_progress() const { return last_progress_; }  // since boot

private:
  Worker(process::Child child, UniqueFd jobs_pipe, UniqueFd answers_pipe, Milliseconds now);
  void write_some();
  bool read_some();
  void take_answers(News& news, Milliseconds now);

  process::Child child_;
  UniqueFd jobs_pipe_, answers_pipe_;
  std::string unwritten_;
  std::size_t written_ = 0;  // of unwritten_
  bool ends_ = false, has_answered_ = false, broken_ = false;
  process::RecordReader reader_;
  std::map<JobKey, Job> jobs_;
  Milliseconds last_progress_;
};

}  // namespace tubepost::qrun
