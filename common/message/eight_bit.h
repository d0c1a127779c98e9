// Whether a text has bytes beyond ASCII. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace tubepost::message {

inline bool has_eight_bit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace tubepost::message
