// The checks of the group `relay`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check relay_checks[] = {
    {"relay-connect", "the MX listener can be asked",
     "Opens the SMTP conversation in which the relay tricks are tried. Without it nothing can be said.",
     "See the check local-connect for the same address."},
};

}  // namespace tubepost::basic_access_test
