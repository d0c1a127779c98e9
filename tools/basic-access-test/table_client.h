// The checks of the group `client`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check client_checks[] = {
    {"client-account", "the account exists and may log in", "Looks the account up in the directory.",
     "mailadm account show says what is set; mailadm account passwd sets a password."},
};

}  // namespace tubepost::basic_access_test
