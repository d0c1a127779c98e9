// The addresses by which the world knows this server: what its name leads to, and the one it sends from. (Behind a
// router the machine itself does not know them.)
#pragma once

#include <string>
#include <vector>

#include "basic-access-test/context.h"
#include "basic-access-test/findings.h"

namespace tubepost::basic_access_test {

struct OwnAddresses {
  std::vector<net::IpAddress> all;
  std::string why_none;  // where there is none
};
OwnAddresses find_own_addresses(const Context& context);

// What its reverse name is, as a result of `check` (dns-ptr, outside-ptr).
void check_reverse_name(const Context& context, CheckId check, const net::IpAddress& address,
                        Findings& findings);

}  // namespace tubepost::basic_access_test
