// Flags of messages and their names (RFC 9051 2.3.2). The bits are those the mail store keeps. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imap/scanner.h"

namespace tubepost::imap {

enum SystemFlag : std::uint32_t {
  flag_seen = 1,
  flag_answered = 2,
  flag_flagged = 4,
  flag_deleted = 8,
  flag_draft = 16,
};

struct FlagList {
  std::uint32_t system = 0;
  std::vector<std::string> keywords;  // as written; no two that differ in letters only
};
inline constexpr std::size_t keywords_max = 64;  // in one command
inline constexpr std::size_t keyword_size_max = 128;

// "\Seen" in any letters; 0: another.
std::uint32_t system_flag(std::string_view name);
FlagList expect_flag_list(Scanner& scanner);    // in parentheses
FlagList expect_store_flags(Scanner& scanner);  // RFC 9051 9 store-att-flags: the parentheses may be left out
// RFC 9051 9 flag-keyword: an atom.
bool is_keyword(std::string_view name);

void append_system_flags(std::string& out, std::uint32_t system);  // "\Seen \Draft"
void append_flags(std::string& out, std::uint32_t system, const std::vector<std::string>& keywords);

}  // namespace tubepost::imap
