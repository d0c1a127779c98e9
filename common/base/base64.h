// Base64, RFC 4648 4. Decoding is strict: the canonical alphabet, correct padding, nothing around it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost {

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tubepost
