// The command line of sendmail, as programs have called it for decades: short options, attached or separate
// values, -bX and -oX. What is historical and changes nothing is taken and ignored. Long options are those of
// every program of the house and are handed on. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::sendmail {

enum class Mode { deliver, smtp_on_stdin, print_queue, run_queue, nothing };

struct CommandLine {
  Mode mode = Mode::deliver;
  bool recipients_from_header = false;   // -t
  bool lone_dot_ends = true;             // without -i, -oi
  std::optional<std::string> sender;     // -f, -r; "" is the null sender
  std::string full_name;                 // -F
  std::string dsn_notify;                // -N: "NEVER", or "SUCCESS,FAILURE,DELAY"
  std::string dsn_return;                // -R: "FULL", "HDRS"
  std::optional<std::string> dsn_envid;  // -V
  std::vector<std::string> recipients;
  std::vector<std::string> common;  // --home DIR …: for config::Program
};

// Failure: a usage error (64).
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace tubepost::sendmail
