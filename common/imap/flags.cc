#include "imap/flags.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::imap {
namespace {

struct FlagName {
  std::uint32_t bit;
  std::string_view name;
};
constexpr FlagName flag_names[] = {{flag_answered, "\\Answered"},
                          {flag_flagged, "\\Flagged"},
                          {flag_deleted, "\\Deleted"},
                          {flag_seen, "\\Seen"},
                          {flag_draft, "\\Draft"}};

void add_flag(Scanner& scanner, FlagList& list) {
  const auto name = scanner.expect_flag();
  if (scanner.failed()) return;
  if (name.front() == '\\') {
    const auto bit = system_flag(name);
    // RFC 9051 2.3.2: \Recent cannot be set by a client; others are not ours.
    if (bit == 0) return scanner.fail("a system flag that is not known, or may not be set");
    list.system |= bit;
    return;
  }
  if (name.size() > keyword_size_max || list.keywords.size() == keywords_max)
    return scanner.fail("a keyword too long, or too many of them");
  const bool again = std::any_of(list.keywords.begin(), list.keywords.end(),
                                 [&](const std::string& other) { return equal_ignoring_case(other, name); });
  if (!again) list.keywords.emplace_back(name);
}

}  // namespace

std::uint32_t system_flag(std::string_view name) {
  for (const FlagName& known : flag_names)
    if (equal_ignoring_case(known.name, name)) return known.bit;
  return 0;
}

bool is_keyword(std::string_view name) {
  return !name.empty() && name.size() <= keyword_size_max &&
         std::all_of(name.begin(), name.end(), is_atom_char);
}

FlagList expect_flag_list(Scanner& scanner) {
  FlagList list;
  scanner.expect('(');
  if (scanner.take(')')) return list;
  do add_flag(scanner, list);
  while (!scanner.failed() && scanner.take(' '));
  scanner.expect(')');
  return list;
}

FlagList expect_store_flags(Scanner& scanner) {
  if (scanner.peek() == '(') return expect_flag_list(scanner);
  FlagList list;
  do add_flag(scanner, list);
  while (!scanner.failed() && scanner.take(' '));
  return list;
}

void append_system_flags(std::string& out, std::uint32_t system) {
  bool first = true;
  for (const FlagName& known : flag_names) {
    if ((system & known.bit) == 0) continue;
    if (!std::exchange(first, false)) out += ' ';
    out += known.name;
  }
}

void append_flags(std::string& out, std::uint32_t system, const std::vector<std::string>& keywords) {
  out += '(';
  append_system_flags(out, system);
  for (const auto& keyword : keywords) {
    if (out.back() != '(') out += ' ';
    out += keyword;
  }
  out += ')';
}

}  // namespace tubepost::imap
