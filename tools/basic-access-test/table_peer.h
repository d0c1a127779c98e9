// The checks of the group `peer`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check peer_checks[] = {
    {"peer-view", "another instance reaches this one",
     "Asks the peer to connect back to our public ports and to say what it sees.",
     "Forward the ports in the router, or let the packet filter pass them."},
};

}  // namespace tubepost::basic_access_test
