// A worker process and its two pipes: records go out without ever blocking, records come in as they come. What they
// mean is for Worker (deliver) and SenderPool (mxsend) to know.
//
// Threading: one thread. The process inherits the scheduler's lock (design.md 2), so that a successor of a
// qrun that died waits until this process is done too.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "process/child.h"
#include "process/records.h"

namespace tubepost::qrun {

class WorkerPipe {
public:
  // `lock`: the descriptor to inherit, -1 for none.
  static Result<WorkerPipe> start(const std::vector<std::string>& argv, int lock);

  void send(const process::Record& record);
  void end_of_jobs() { ends_ = true; }  // the process sees the end of its input once all is written
  void exchange();                      // writes and reads what can be
  // The next record that came; nullopt: none yet. A Failure: it writes no records.
  Result<std::optional<process::Record>> next();
  // What it writes is not understood: it is killed, and nothing more is read.
  void give_up();
  std::optional<process::Ended> ended() { return child_.poll(); }

  void add_to(std::vector<pollfd>& descriptors) const;
  void kill(int signal) { child_.kill(signal); }
  pid_t pid() const { return child_.pid(); }

private:
  WorkerPipe(process::Child child, UniqueFd jobs_pipe, UniqueFd answers_pipe);
  void write_some();
  bool read_some();

  process::Child child_;
  UniqueFd jobs_pipe_, answers_pipe_;
  std::string unwritten_;
  std::size_t written_ = 0;  // of unwritten_
  bool ends_ = false, broken_ = false;
  process::RecordReader reader_;
};

}  // namespace tubepost::qrun
