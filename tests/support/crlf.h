// Text written with LF, as it travels.
#pragma once

#include <string>
#include <string_view>

namespace tubepost {

inline std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

}  // namespace tubepost
