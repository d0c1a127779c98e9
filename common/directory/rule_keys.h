// How rules stand in the database (schema.h). Internal.
//
//   rules       scope entry -> "allow" | "deny"
//   scope     = "S" | "D" domain NUL | "A" u64-account-id      an account's rules go with the account
//   entry     = "a" address | "d" domain | "n" name            in lower case; the null reverse-path is "<>"
//             | "r" address-block
//   address-block = "4" | "6", 16 bytes, one byte of prefix length
//
// and, for each scope and family, scope "l" ("4" | "6") -> 129 characters, "1" at the prefix lengths that occur or
// have occurred: a look-up asks for those alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "directory/directory.h"

namespace tubepost::directory {

inline constexpr std::size_t rule_key_max = 511;  // LMDB's
inline constexpr std::string_view server_scope = "server";

std::string server_rules();
std::string domain_rules(std::string_view domain);
std::string account_rules(AccountId id);

// A domain as lists are kept and held against: A-labels, lower case.
std::string rule_domain(std::string_view domain);
// Of an entry in its normal form, without the scope.
std::string entry_key(std::string_view entry);
std::string block_key(const net::IpAddress& address, unsigned bits);
std::string lengths_key(bool v6);
// nullopt: the row of prefix lengths, or damage.
std::optional<std::string> entry_of_key(std::string_view key);

struct Block {
  net::IpAddress first;
  unsigned bits = 0;
};
std::optional<Block> parse_block(std::string_view entry);  // "192.0.2.7" too; nullopt: no address

}  // namespace tubepost::directory
