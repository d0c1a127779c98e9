#include <cstdio>

#include "config/program.h"

namespace tubepost::config {

ExitStatus complain(std::string_view program, const Failure& failure) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(program.size()), program.data(), failure.text.c_str());
  if (failure.retry == Retry::later) return ExitStatus::later;
  switch (failure.status.subject) {
    case 1:
    case 2:
      return ExitStatus::no;
    case 3:
      return ExitStatus::configuration;
    case 7:
      return ExitStatus::refused;
    default:
      return ExitStatus::data;
  }
}

}  // namespace tubepost::config
