// mxsend --worker: jobs from a pipe, answers to a pipe (relay/job.h). A thread of its own reads the pipe, so
// that its end is seen while a conversation is under way. It also ends the process where the other thread waits for a
// name or a connection, which nothing can break off: there nothing has been sent yet.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/exit_status.h"
#include "log/logger.h"
#include "mxsend/courier.h"
#include "process/signals.h"
#include "spool/spool.h"

namespace tubepost::mxsend {

class Worker {
public:
  struct Parts {
    std::function<Result<spool::StoredBody>(const spool::SpoolId&)> body;
    std::function<std::unique_ptr<Courier>(std::function<void(const process::Record&)> tell,
                                           std::function<spool::SpoolId()> current)>
        make_courier;
    Watch& watch;
    Admission& admission;
    const log::Logger& logger;
    process::SignalSource* stop = nullptr;                   // SIGTERM, SIGINT
    Milliseconds idle = std::chrono::seconds(5);             // how long a connection waits for the next job
    Milliseconds patience = std::chrono::milliseconds(200);  // with what is under way at the end
  };
  Worker(Parts parts, int in, int out) : parts_(std::move(parts)), in_(in), out_(out) {}
  ExitStatus run();

private:
  void read_pipe();
  Result<void> take(std::string_view bytes);
  void end_input();
  void leave_what_waits();
  void finish(const relay::Answer& answer);
  std::optional<relay::Job> next_job(Courier& courier);
  relay::Answer carry(Courier& courier, const relay::Job& job);
  void tell(const process::Record& record);
  void write(const process::Record& record);  // `telling_` is held

  Parts parts_;
  int in_, out_;
  process::RecordReader reader_;
  std::mutex telling_;  // before mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<relay::Job> under_way_;
  std::deque<relay::Job> jobs_;
  spool::SpoolId current_;
  bool ended_ = false, broken_ = false;
};

// For every recipient of the job.
relay::Answer answer_all(const relay::Job& job, relay::Status status, const Failure& failure);

}  // namespace tubepost::mxsend
