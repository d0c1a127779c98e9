#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {

void add_relay(const Context& context, Plan& plan) {
  plan.skip("relay-connect", context.target.host, "this program does not try it yet");
}

}  // namespace tubepost::basic_access_test
