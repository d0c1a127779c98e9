#include "dns/name.h"

#include <idn2.h>

#include <algorithm>

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

std::optional<std::string> to_ascii(std::string_view name) {
  const auto is_beyond_ascii = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::none_of(name.begin(), name.end(), is_beyond_ascii)) return std::string(name);
  char* made = nullptr;
  const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
  const int status = idn2_to_ascii_8z(std::string(name).c_str(), &made, flags);
  if (status != IDN2_OK) return std::nullopt;
  std::string ascii = made;
  idn2_free(made);
  return ascii;
}

std::optional<std::string> query_name(std::string_view text) {
  if (text == ".") return std::string(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto ascii = text.find('\0') == std::string_view::npos ? to_ascii(text) : std::nullopt;
  if (!ascii || ascii->empty() || ascii->size() > 253) return std::nullopt;
  for (const auto label : split(*ascii, '.'))
    if (label.empty() || label.size() > 63) return std::nullopt;
  // RFC 2181 11: any octet may stand in a label, and macros of SPF make such names. Left out are those that libresolv
  // writes with a backslash, as the answer would then seem to be about another name.
  for (const char c : *ascii)
    if (!is_printable_ascii(c) || std::string_view(" \\\";()@$").find(c) != std::string_view::npos) return std::nullopt;
  return to_lower(*ascii);
}

}  // namespace tubepost::dns
