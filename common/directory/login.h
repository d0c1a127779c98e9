// Names in logins (USER, LOGIN, AUTH), which are not addresses (A7, A8): case-sensitive, and with forms of
// their own.
#pragma once

#include <optional>
#include <string_view>

#include "directory/directory.h"

namespace tubepost::directory {

// "user@domain"; "user%domain", split at the last %, only if there is no @; bare "user": of `default_domain`.
// nullopt: nobody can be called so.
std::optional<smtp::Mailbox> parse_login(std::string_view name, std::string_view default_domain);

// The account of that login: its user name spelled exactly so (A7), the domain in any case. Suspended ones
// too (D9: the caller refuses them). An empty default_domain stands for the primary one.
Result<std::optional<Account>> find_login(const Directory& directory, std::string_view name,
                                          std::string_view default_domain);

}  // namespace tubepost::directory
