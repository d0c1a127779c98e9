// Whether a text has bytes beyond ASCII. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace tubepost::message {

inline bool has_eight_bit(std::string_view text) {
  std::uint64_t bits = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 32; at += 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U) != 0) return true;
  }
  for (; at != end; ++at) bits |= static_cast<unsigned char>(*at);
  return (bits & 0x80) != 0;
}

}  // namespace tubepost::message
