// How the directory is written in its LMDB environment. Internal to this library.
//
//   meta       "schema"            -> decimal version of this grammar
//              "next-account"      -> u64, the next AccountId; it only grows, so that no id is used twice
//   server     key                 -> value
//   domains    name                -> properties
//   bindings   local address       -> domain name         the domain whose address=… this is (A10)
//   addresses  domain NUL local    -> account | alias     `local` folded unless local-part-case=sensitive
//   by-age     domain NUL u64 id   -> key in addresses    the first account of a domain (D1) is one seek away
//   ids        u64 id              -> key in addresses
//   routes     side pattern        -> route               side = "r" by recipient | "s" by sender; pattern in
//   lower case
//   rules      scope entry         -> "allow" | "deny"     rule_keys.h
//
//   account    = "A" u64-id string-local-part properties  the local part as it was written: logins are
//   compared with it (A7) alias      = "L" string-local-part u32-count { string-local-part string-domain }
//   route      = string-kind string-target
//   properties = u32-count { string-key string-value }    sorted by key
//   string     = u32-length bytes                         numbers are big-endian
//
// A domain name holds no NUL, so the first NUL of a key ends it. Keys have at most 253 + 1 + 64 bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "directory/directory.h"
#include "lmdb/environment.h"

namespace tubepost::directory {

inline constexpr unsigned schema_version = 1;

struct Tables {
  lmdb::Table meta, server, domains, bindings, addresses, by_age, ids, routes, rules;
};

// What stands at an address: an account (id is not 0) or an alias.
struct Entry {
  AccountId id = 0;
  std::string local_part;
  Properties properties;
  std::vector<smtp::Mailbox> targets;
  bool is_account() const { return id != 0; }
};

std::string encode(const Entry& entry);
std::string encode(const Properties& properties);
std::string encode(const Route& route);  // kind and target; pattern and side are the key

// A value that does not follow the grammar throws lmdb::Error, as any damage of the database does.
Entry decode_entry(std::string_view bytes);
Properties decode_properties(std::string_view bytes);
Route decode_route(std::string_view key, std::string_view bytes);

bool is_postmaster(std::string_view local_part);  // in any case, RFC 5321 4.5.1
// Empty if no entry can have this address (a key LMDB would refuse).
std::string address_key(const smtp::Mailbox& address, bool folds_case);
std::string domain_prefix(std::string_view domain);
std::string age_key(std::string_view domain, AccountId id);
std::string id_key(AccountId id);
std::string route_key(std::string_view pattern, bool by_sender);
std::string domain_of_key(std::string_view address_key);

}  // namespace tubepost::directory
