#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {

void add_dns(const Context& context, Plan& plan) {
  plan.skip("dns-mx", context.target.host, "this program does not try it yet");
}

}  // namespace tubepost::basic_access_test
