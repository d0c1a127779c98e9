#include "process/find_program.h"

#include <unistd.h>

#include <cstdlib>

#include "base/text.h"

namespace tubepost::process {

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  for (const auto folder : split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    const std::string candidate = (folder.empty() ? "." : std::string(folder)) + '/' + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return Failure::permanent(name + ": not found in PATH", {5, 3, 5});
}

}  // namespace tubepost::process
