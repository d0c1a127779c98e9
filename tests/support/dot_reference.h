// DotReader once more, slow and plain: the whole input at once, byte by byte. What the fast one is held
// against.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace tubepost::test_support {

struct DotReference {
  std::string content;
  std::size_t consumed = 0;
  bool finished = false;
  std::uint64_t longest_line = 0;
  bool bare_cr = false, bare_lf = false, nul = false, eight_bit = false;
};

inline DotReference read_dots_slowly(std::string_view input) {
  DotReference read;
  std::size_t at = 0;
  bool line_start = true;
  std::uint64_t line = 0;
  while (at < input.size()) {
    const auto rest = input.substr(at);
    if (line_start && rest.starts_with(".\r\n")) {
      read.finished = true;
      at += 3;
      break;
    }
    if (line_start && (rest == "." || rest == ".\r")) {  // undecided
      at = input.size();
      break;
    }
    if (line_start && rest.starts_with('.')) {
      line_start = false;
      ++at;
      continue;
    }
    if (rest.starts_with("\r\n")) {
      read.content += "\r\n";
      read.longest_line = std::max(read.longest_line, line);
      line = 0;
      line_start = true;
      at += 2;
      continue;
    }
    const char c = rest.front();
    read.bare_cr |= c == '\r';
    read.bare_lf |= c == '\n';
    read.nul |= c == '\0';
    read.eight_bit |= static_cast<unsigned char>(c) >= 0x80;
    read.content += c;
    ++line;
    line_start = false;
    ++at;
  }
  read.longest_line = std::max(read.longest_line, line);
  read.consumed = at;
  return read;
}

}  // namespace tubepost::test_support
