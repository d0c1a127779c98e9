// The checks of the group `dns`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check dns_checks[] = {
    {"dns-mx", "MX records lead to a mail server",
     "Asks for the MX records of the domain and the addresses of the hosts they name, as a sender does.",
     "Publish what mailadm dns DOMAIN prints."},
};

}  // namespace tubepost::basic_access_test
