#include "imapd/rights.h"

#include <algorithm>

namespace tubepost::imapd {

std::uint32_t Rights::bit(char right) {
  const auto place = letters.find(right);
  return place == letters.npos ? 0 : 1U << place;
}

std::optional<Rights> Rights::parse(std::string_view text) {
  Rights rights;
  for (const char c : text) {
    const auto bits = c == 'c' ? bit('k') | bit('x') : c == 'd' ? bit('t') | bit('e') : bit(c);
    if (bits == 0) return std::nullopt;
    rights.bits_ |= bits;
  }
  return rights;
}

bool Rights::has_any(std::string_view of) const {
  return std::any_of(of.begin(), of.end(), [this](char right) { return has(right); });
}

std::string Rights::to_text() const {
  std::string text;
  for (const char right : letters)
    if (has(right)) text += right;
  if (has_any("kx")) text += 'c';
  if (has_any("te")) text += 'd';
  return text;
}

}  // namespace tubepost::imapd
