// The macros of SPF (RFC 7208 7): "%{i}._spf.%{d2}". Pure; what %{p} needs of DNS is the caller's to give.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/endpoint.h"

namespace tubepost::mailauth {

inline constexpr std::size_t expanded_max = 4096;

enum class MacroUse { name, explanation };  // c, r and t and blanks are for explanations alone (7.2)

bool is_macro_string(std::string_view text, MacroUse use);
bool is_domain_spec(std::string_view text);  // 7.1: a macro string that ends like a name, or in a macro

struct MacroValues {
  std::string local_part, sender_domain, domain, helo, receiver;
  net::IpAddress client;
  std::function<std::string()> validated_name = {};  // %{p}: looked up only where it stands
  std::string time{};                                // %{t}: seconds since 1970
};

// `text` is a macro string. At most expanded_max octets.
std::string expand_macros(std::string_view text, const MacroValues& values);
// The same as a name to ask for: without a trailing dot, labels at the left dropped until it fits (7.3).
std::string expand_domain(std::string_view text, const MacroValues& values);

}  // namespace tubepost::mailauth
