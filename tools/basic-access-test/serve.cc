#include <iostream>

#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {

ExitStatus serve(const Context&) {
  std::cerr << "basic-access-test: serve is not built in\n";
  return ExitStatus::usage;
}

}  // namespace tubepost::basic_access_test
