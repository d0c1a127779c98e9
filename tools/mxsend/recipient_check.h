// Whether the primary of a domain that we are the secondary of takes mail for an address (O10), so that nothing is accepted that
// would only be bounced: a policy service (policy/policy_record.h), which smtpd starts as `mxsend --verify` and asks at RCPT. The
// primary is asked as by any client, MAIL FROM:<> and RCPT, and no message follows.
//
// No question takes longer than its time (but for names that are looked up and connect(2), which nothing breaks off): whoever asked
// would end us, and what we remember with us.
//
// It answers "5yz …" where the primary refuses that recipient for good, for a reason that is not ours, else "dunno": what it cannot
// say now it will say when the mail comes. What it said is remembered for a time. Threading: one thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/exit_status.h"
#include "directory/directory.h"
#include "mxsend/connection.h"
#include "mxsend/route.h"
#include "net/stream.h"
#include "policy/policy_record.h"

namespace tubepost::mxsend {

constexpr std::chrono::milliseconds question_time = std::chrono::seconds(12);  // smtpd waits for 20 seconds

class RecipientCheck {
public:
  struct Parts {
    const Options& options;
    TlsContexts& contexts;
    const Routes& routes;
    const directory::Directory* directory;  // nullptr: every route is direct
    Admission& admission;
    const Clock& clock;
    const log::Logger& logger;
    std::chrono::milliseconds time = question_time;
  };
  explicit RecipientCheck(Parts parts) : parts_(parts) {}

  std::string answer(const policy::Record& request);  // the action
  ExitStatus serve(net::Stream& stream);              // until its end

private:
  struct Known {
    std::string action;
    Milliseconds until;
  };
  const Known* known(const std::string& key) const;
  void remember(const std::string& key, const std::string& action, Milliseconds life);
  std::string ask(const smtp::Mailbox& address);
  std::optional<std::string> ask(Connection& connection, const smtp::Mailbox& address);

  Parts parts_;
  std::unordered_map<std::string, Known> known_;  // by address; by "@domain": it cannot be asked
};

// What is less patient than a transmission: somebody waits at our door meanwhile. A host that is not there takes not all of
// the time, one that greets late may.
void hurry(Options& options);

}  // namespace tubepost::mxsend
