// What runs, and what is installed: services under their supervisor, their run scripts, versions. Of the group
// preflight.
#pragma once

#include "basic-access-test/context.h"
#include "basic-access-test/findings.h"

namespace tubepost::basic_access_test {

void check_services(const Context& context, Findings& findings);
void check_run_scripts(const Context& context, Findings& findings);
void check_versions(const Context& context, Findings& findings);

}  // namespace tubepost::basic_access_test
