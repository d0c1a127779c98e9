#include "dns/name.h"

#include "base/text.h"

namespace tubepost::dns {
namespace {

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label)
    if (!is_alpha(c) && !is_digit(c) && c != '-' && static_cast<unsigned char>(c) < 0x80) return false;
  return true;
}

}  // namespace

std::optional<std::string> normal_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253 || !is_valid_utf8(text)) return std::nullopt;
  for (const auto label : split(text, '.'))
    if (!is_label(label)) return std::nullopt;
  return to_lower(text);
}

}  // namespace tubepost::dns
