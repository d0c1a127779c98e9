// deliver --worker: jobs from a pipe, answers to a pipe. What waits in the pipe when a job has come is one
// batch, one transaction. Ends when the pipe of jobs is closed, or on SIGTERM, when what was begun is
// answered: a job without an answer comes again. Threading: one thread.
#pragma once

#include <deque>

#include "base/exit_status.h"
#include "deliver/desk.h"
#include "process/signals.h"
#include "spool/spool.h"

namespace tubepost::deliver {

// Bodies of the spool, each read once a batch however many mailboxes it goes to.
class SpoolBodies final : public Bodies {
public:
  explicit SpoolBodies(const spool::Spool& spool) : spool_(spool) {}
  Result<Body> get(const spool::SpoolId& id) override;
  void release() override { read_.clear(); }

private:
  const spool::Spool& spool_;
  std::map<spool::SpoolId, spool::StoredBody> read_;
};

class Worker {
public:
  struct Parts {
    Desk& desk;
    mailstore::MailStore& store;
    const Clock& clock;
    const log::Logger& logger;
    process::SignalSource* stop = nullptr;  // SIGTERM, SIGINT
    std::size_t batch = 200;                // deliver.batch
  };
  Worker(const Parts& parts, int in, int out) : parts_(parts), in_(in), out_(out) {}

  ExitStatus run();

private:
  enum class Input { bytes, none, ended };
  Input wait(std::optional<Milliseconds> patience) const;
  Input take_some();  // what one read gives
  Result<void> drain();
  Result<void> take_orders();
  Result<void> work();
  Result<void> forget();
  void keep_house();

  Parts parts_;
  int in_, out_;
  bool ended_ = false;
  process::RecordReader reader_;
  std::deque<Job> jobs_;
  Forget forget_;  // told to the store with the next batch, or when nothing else is to do
  std::optional<Milliseconds> house_kept_;
};

}  // namespace tubepost::deliver
