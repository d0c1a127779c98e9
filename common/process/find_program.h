// Where execve would find a program: as execvp looks for it. Reads PATH alone. Threading: any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace tubepost::process {

// A name with a slash is what it is, whether it is there or not. A Failure: it is nowhere in PATH.
Result<std::string> find_program(const std::string& name);

}  // namespace tubepost::process
