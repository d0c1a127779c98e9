// Domain names as text: case, length and A-labels. No look-ups here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::dns {

// Lower case, without a trailing dot; nullopt where the text is no host or mail domain name (letters, digits, hyphens,
// UTF-8 labels; 63 octets a label, 253 in all).
std::optional<std::string> normal_name(std::string_view text);

// U-labels as A-labels (RFC 5891, UTS 46 non-transitional); ASCII stays as it is. nullopt: no such labels.
std::optional<std::string> to_ascii(std::string_view name);

// As a question: lower case A-labels without a trailing dot; underscores may stand in it ("_mta-sts.x"), and
// "." is the root. nullopt: no server could know it.
std::optional<std::string> query_name(std::string_view text);

}  // namespace tubepost::dns
