// The checks of the group `outside`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check outside_checks[] = {
    {"outside-port-25", "port 25 of other servers can be reached",
     "Connects to the probe hosts on port 25 and reads their greeting, which must be theirs: many providers "
     "close this port, and "
     "some routers and scanners answer in the place of others.",
     "Look at the packet filter of this machine, at the router, then ask the provider to open outgoing port "
     "25, or send through "
     "a smarthost."},
    {"outside-smarthost", "the smarthost takes our mail",
     "Connects to each smarthost of mxsend.smarthost, begins TLS, and logs in with the account of "
     "mxsend.smarthost-auth.",
     "Correct mxsend.smarthost and mxsend.smarthost-auth; the provider tells host, port and account."},
    {"outside-block-list", "our addresses are on no block list",
     "Asks the lists of access-test.block-lists for this server's addresses. Whoever uses such a list "
     "refuses our mail.",
     "Find out why (an account that was stolen, an open relay), end that, then ask the list for removal; or "
     "send by a smarthost."},
    {"outside-ptr", "the addresses that we send from have a reverse name",
     "Asks for the PTR record of each address, and whether the name leads back. Many servers refuse mail "
     "without both.",
     "Ask the provider of the address to set its reverse name to the name of this server, or send by a "
     "smarthost."},
};

}  // namespace tubepost::basic_access_test
