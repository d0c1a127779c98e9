// A scanner's process under supervision: no shell, a process group of its own, limits of the kernel on memory,
// processes, files and CPU time, one time limit over all, and a bound on what it prints. When this returns
// every process of the group is dead, and so is (where /proc lists children) what left the group; if this
// process is killed, the scanner is killed with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "avscan-wrap/options.h"
#include "base/result.h"
#include "net/wait.h"

namespace tubepost::avscan {

struct RunEnd {
  enum class Kind { exited, killed, timed_out, printed_too_much, stopped } kind = Kind::exited;
  int code = 0;        // exit status, or the signal's number
  std::string output;  // stdout and stderr together, the first output_kept bytes
};

struct RunPlan {
  std::vector<std::string> argv;
  int input = -1;         // its stdin; -1: /dev/null
  std::string folder;     // where it runs
  std::string temporary;  // its TMPDIR
  RunLimits limits;
};

// Failure: it could not be started. `stopped`: this process was told to end (SIGTERM, SIGINT, SIGHUP).
Result<RunEnd> run_supervised(const RunPlan& plan, const net::Deadline& deadline);

// Makes this process the one that orphans of its descendants come to, so that none escapes by leaving the
// group. Only for a process that runs one scanner at a time.
void adopt_orphans();

}  // namespace tubepost::avscan
