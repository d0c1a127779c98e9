// The check scanner-path: EICAR's test file as an attachment, through the whole path of a message.
#pragma once

#include "basic-access-test/context.h"
#include "basic-access-test/plan.h"

namespace tubepost::basic_access_test {

void add_scanner_path(const Context& context, Plan& plan);

}  // namespace tubepost::basic_access_test
