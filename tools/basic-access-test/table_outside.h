// The checks of the group `outside`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check outside_checks[] = {
    {"outside-port-25", "port 25 of other servers can be reached",
     "Connects to the probe hosts on port 25 and reads their greeting. Many providers close this port.",
     "Ask the provider to open outgoing port 25, or send through a smarthost."},
};

}  // namespace tubepost::basic_access_test
