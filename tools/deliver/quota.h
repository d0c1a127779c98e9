// Whether a mailbox has room (D5): a policy service, as Dovecot's quota-status is one. smtpd asks it, which may not read the store;
// Postfix may, too. It answers for the address of an account, of a message of `size` bytes (0: not known), and says "dunno" where
// there is room, or nothing to say.
//
// The quota of a domain is what all its accounts have together; that sum is made anew after some seconds. Threading: any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/exit_status.h"
#include "config/program.h"
#include "directory/directory.h"
#include "log/logger.h"
#include "mailstore/mailstore.h"
#include "policy/policy_record.h"

namespace tubepost::deliver {

class QuotaPolicy {
public:
  struct Parts {
    const directory::Directory& directory;
    const mailstore::MailStore& store;
    const Clock& clock;
    const log::Logger& logger;
    bool refuses = false;  // deliver.over-quota = fail
  };
  explicit QuotaPolicy(const Parts& parts) : parts_(parts) {}
  // The action: "dunno", "452 4.2.2 …", or where it refuses "550 5.2.2 …". What cannot be read lets the mail through, with a log
  // line: its delivery will be tried again.
  std::string answer(const policy::Record& request);

private:
  struct Sum {
    mailstore::Usage usage;
    Timestamp made{};
  };
  Result<std::string> full(const directory::Account& account, std::uint64_t size);
  Result<mailstore::Usage> usage_of_domain(const std::string& domain);
  Parts parts_;
  std::mutex mutex_;
  std::map<std::string, Sum> sums_;  // by domain, of which there are as many as are hosted
};

struct ListenOptions {
  std::vector<std::string> listen;  // "unix:PATH", "inet:ADDR:PORT"
  std::string ready_fd;
};
ExitStatus serve_quota(const config::Program& program, const ListenOptions& options);

}  // namespace tubepost::deliver
