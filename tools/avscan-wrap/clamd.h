// The client of clamd (clamd(8) "COMMANDS"): INSTREAM over a Unix or a TCP socket, so that no process is
// started for a message. A message a connection: that is what clamd takes.
//
// clamd that is not there, or goes away in the middle (it does when it restarts), is tried again until the
// deadline. Safe for threads if each has its own.
#pragma once

#include "avscan-wrap/scanner.h"
#include "base/result.h"

namespace tubepost::avscan {

class ClamdScanner final : public Scanner {
public:
  explicit ClamdScanner(const Options& options) : options_(options) {}
  Finding scan(std::string_view bytes, std::string_view name, const net::Deadline& deadline) override;

private:
  const Options& options_;
};

// One command ("VERSION", "PING") and its answer.
Result<std::string> ask_clamd(const std::string& address, std::string_view command,
                              const net::Deadline& deadline);

// "stream: OK", "stream: NAME FOUND", "… ERROR", without the NUL. Pure.
Finding finding_of_reply(std::string_view reply);

}  // namespace tubepost::avscan
