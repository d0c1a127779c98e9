// One message from stdin to a carrier: who it is from, for whom, and what it lacks. Everything that can
// refuse happens before the carrier's finish().
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "sendmail/carrier.h"
#include "sendmail/command_line.h"
#include "sendmail/reader.h"

namespace tubepost::sendmail {

struct Circumstances {
  std::string unix_user;       // who calls
  std::string hostname;        // of the default sender and of Message-ID
  std::string default_domain;  // of addresses without one; empty: the carrier knows
  bool validate = true;        // S7
  // What the allow and deny lists say (S4); empty: there are none, or smtpd holds the message against them.
  std::function<Result<void>(const std::string& sender, const std::string& recipient)> lists{};
  // Whom an address leads to: two that lead to one are one recipient. Empty: smtpd sees to that.
  std::function<std::string(const smtp::Mailbox&)> identity{};
};

// Its id, or what the server said. Permanent failures: status 5.5.4 usage (64), 5.6.x bad data (65), 5.7.x
// refused (77).
Result<std::string> inject(const CommandLine& line, const Circumstances& circumstances, Reader& reader,
                           Carrier& carrier, const Clock& clock);

}  // namespace tubepost::sendmail
