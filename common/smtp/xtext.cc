// xtext, RFC 3461 4: how ESMTP parameters carry what they have no characters for.
#include "base/text.h"
#include "smtp/path.h"

namespace tubepost::smtp {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_xchar(char c) { return c > ' ' && c < 0x7f && c != '+' && c != '='; }

}  // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_xchar(text[i])) {
      out += text[i];
      continue;
    }
    if (text[i] != '+' || i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digits.find(text[i + 1]), low = hex_digits.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string encode_xtext(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_xchar(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'+', hex_digits[byte >> 4], hex_digits[byte & 15]};
  }
  return out;
}

}  // namespace tubepost::smtp
