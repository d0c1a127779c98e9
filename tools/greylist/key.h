// Which record of the database a request is about (RFC 6647 2.4, 4.3). The client is its address, its network (/24, /64) or its
// domain, as the setting says; addresses are compared in lower case; parts are cut where a key would become
// too long, and two that differ only behind that are one.
//
// Keys of the database:  "t" client NUL sender NUL recipient  |  "c" client
// so that all of one client stand together.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "greylist/decision.h"
#include "policy/policy_record.h"

namespace tubepost::greylist {

inline constexpr std::size_t client_max = 160, address_max = 170;  // together less than LMDB's 511

struct Triplet {
  std::string client, sender, recipient;  // in the form in which they are compared
};

std::string triplet_key(const Triplet& triplet);
std::string client_key(std::string_view client);
std::optional<Triplet> parse_triplet_key(std::string_view key);          // nullopt: it is none
std::optional<std::string_view> parse_client_key(std::string_view key);  // nullopt: it is none

// nullopt: not ours to judge. No recipient is being named, the client has logged in (S5 does not bind it), or
// its address is not known.
std::optional<Triplet> triplet_of(const policy::Record& request, KeyKind kind);

}  // namespace tubepost::greylist
