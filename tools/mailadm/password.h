// A password from the operator: one line of stdin, or asked twice on a terminal that does not show it. Never
// from argv.
#pragma once

#include <string>

#include "base/result.h"

namespace tubepost::mailadm {

Result<std::string> password_from_stdin();
Result<std::string> ask_for_password(const std::string& account);

}  // namespace tubepost::mailadm
