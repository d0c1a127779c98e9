#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {

void add_local(const Context& context, Plan& plan) {
  plan.skip("local-connect", context.target.host, "this program does not try it yet");
}

}  // namespace tubepost::basic_access_test
