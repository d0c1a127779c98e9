// deliver RCPT… < message: acts now, without the queue. What is ours goes to mailboxes in one transaction;
// what is not is put into the spool, one message for all remote recipients. One line per operand: STATUS CODE
// RCPT TEXT, tab-separated.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "deliver/desk.h"
#include "spool/spool.h"

namespace tubepost::deliver {

class Direct {
public:
  struct Parts {
    const directory::Directory& directory;
    mailstore::MailStore& store;
    const Clock& clock;
    const log::Logger& logger;
    // Opened when there is mail for the world: most uses need no spool.
    std::function<Result<spool::Spool>()> open_spool;
    std::string user;  // who runs this, for the trace
  };
  Direct(const Parts& parts, std::string sender, std::string message)
      : parts_(parts), sender_(std::move(sender)), message_(std::move(message)) {}

  // An answer for each recipient, in order.
  std::vector<Answer> deliver(const std::vector<std::string>& recipients);

private:
  // What an operand leads to: places in jobs_ and remote_, or what is wrong with it.
  struct Way {
    std::vector<std::size_t> jobs, remote;
    std::vector<Answer> answers;
  };
  Way follow(const std::string& recipient);
  std::size_t add_job(const directory::Leaf& leaf, const std::string& recipient);
  std::size_t add_remote(const directory::Leaf& leaf, const std::string& recipient);
  std::vector<Answer> deliver_jobs(const spool::SpoolId& id);
  Answer queue_remote();
  Result<std::string> accept();

  Parts parts_;
  std::string sender_, message_;
  std::vector<Job> jobs_;
  std::vector<spool::NewRecipient> remote_;
};

// The one that decides the operand's line when an alias has several targets: deferred, failed, queued,
// delivered.
Answer summary(const std::vector<Answer>& answers);
// contracts.md: 75 if any is deferred, else 77 if any failed, else 0.
ExitStatus exit_status(const std::vector<Answer>& answers);

}  // namespace tubepost::deliver
