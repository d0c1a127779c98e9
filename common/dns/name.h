// Domain names as text: case, length and A-labels. No look-ups here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::dns {

// Lower case, without a trailing dot; nullopt where the text is no host or mail domain name (letters, digits, hyphens,
// UTF-8 labels; 63 octets a label, 253 in all).
std::optional<std::string> normal_name(std::string_view text);

}  // namespace tubepost::dns
