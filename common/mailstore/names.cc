#include "mailstore/names.h"

#include <algorithm>

#include "base/text.h"
#include "mailstore/types.h"

namespace tubepost::mailstore {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool has_good_levels(std::string_view name) {
  std::size_t depth = 0;
  for (bool more = true; more; ++depth) {
    const auto end = name.find(hierarchy_separator);
    if (end == 0 || name.empty()) return false;
    more = end != name.npos;
    if (more) name.remove_prefix(end + 1);
  }
  return depth <= mailbox_depth_max;
}

}  // namespace

std::optional<std::string> mailbox_name(std::string_view name) {
  if (name.empty() || name.size() > mailbox_name_max || !is_valid_utf8(name)) return std::nullopt;
  if (std::any_of(name.begin(), name.end(), is_control) || !has_good_levels(name)) return std::nullopt;
  std::string stored(name);
  const auto first = name.substr(0, name.find(hierarchy_separator));
  if (equal_ignoring_case(first, inbox)) stored.replace(0, first.size(), inbox);
  return stored;
}

Result<std::string> need_mailbox_name(std::string_view name) {
  if (auto stored = mailbox_name(name)) return std::move(*stored);
  return Failure::permanent("no name for a mailbox: " + printable(name), refusal::bad_name);
}

bool is_keyword(std::string_view name) {
  constexpr std::string_view specials = "(){%*\"\\]";  // RFC 9051 9: atom-specials
  return !name.empty() && name.size() <= keyword_size_max &&
         std::none_of(name.begin(), name.end(), [&](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
                  specials.find(c) != specials.npos;
         });
}

bool is_entry_name(std::string_view name, std::size_t most) {
  return !name.empty() && name.size() <= most && is_valid_utf8(name) &&
         std::none_of(name.begin(), name.end(), is_control);
}

}  // namespace tubepost::mailstore
