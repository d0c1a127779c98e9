// The answers of DNS servers as bytes (RFC 1035 4), read without trust: sizes, counts and compression loops
// are bounded, a record that is broken is left out, and only what belongs to the question is taken - the
// records of its type at its name, or at the end of the CNAMEs that begin there. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "dns/resolver.h"

namespace tubepost::dns {

inline constexpr std::size_t records_max = 256;  // of one answer; what is beyond is dropped
inline constexpr std::size_t text_max = 8192;    // of one TXT record
inline constexpr int aliases_max = 16;           // CNAMEs one after the other

// `name` in normal form (lower case, no trailing dot).
AnyAnswer parse_message(std::span<const std::uint8_t> bytes, const std::string& name, Type type);

}  // namespace tubepost::dns
