// The checks of the group `legs`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check legs_checks[] = {
    {"legs-local", "a message to the account itself arrives",
     "Sends a message with a token through submission to the account and waits until it can be fetched.",
     "Look for its queue id with mailq trace; mailq shows why it waits."},
};

}  // namespace tubepost::basic_access_test
