#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {

void add_outside(const Context& context, Plan& plan) {
  plan.skip("outside-port-25", context.target.host, "this program does not try it yet");
}

}  // namespace tubepost::basic_access_test
