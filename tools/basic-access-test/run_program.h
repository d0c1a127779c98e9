// Runs a program to its end and takes what it says, bounded in time and size.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace tubepost::basic_access_test {

inline constexpr std::size_t program_output_max = 64 << 10;

struct ProgramRun {
  int status = 0;      // its exit status; of a signal: 128 and the number, as shells have it
  std::string output;  // stdout and stderr
};
// A Failure: it cannot be run, or it took longer than `limit`, and was ended: with
// what it said until then.
Result<ProgramRun> run_program(const std::vector<std::string>& argv, std::chrono::milliseconds limit);

}  // namespace tubepost::basic_access_test
