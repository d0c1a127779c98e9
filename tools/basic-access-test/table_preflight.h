// The checks of the group `preflight`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check preflight_checks[] = {
    {"preflight-configuration", "the configuration is valid",
     "Reads the configuration as every program does, and its warnings. With a fault in it no service starts "
     "anew.",
     "Correct what is named; mailadm config check says the same, mailadm config show where each value comes "
     "from."},
};

}  // namespace tubepost::basic_access_test
