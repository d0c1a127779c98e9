// The checks of the group `local`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check local_checks[] = {
    {"local-connect", "takes connections",
     "Connects to each address the service listens on. If that fails, nothing listens there, or a packet "
     "filter is between.",
     "Start the service (s6-svstat shows its state, its log why it ended), or let the packet filter pass the "
     "port."},
};

}  // namespace tubepost::basic_access_test
