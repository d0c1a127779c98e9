// What stands around conversations: one on stdin and stdout, or the listeners with the thread that commits.
#pragma once

#include <string>
#include <vector>

#include "base/exit_status.h"
#include "config/program.h"

namespace tubepost::greylist {

struct Options {
  std::vector<std::string> listen;  // "unix:PATH", "inet:ADDR:PORT"; empty: stdio
  std::string ready_fd;
};

ExitStatus serve(const config::Program& program, const Options& options);

}  // namespace tubepost::greylist
