// An SPF record as a value (RFC 7208 4.5, 5, 6, 12). Syntax alone: nothing is looked up. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace tubepost::mailauth {

inline constexpr std::size_t spf_terms_max = 256;

struct SpfMechanism {
  enum class Kind { all, include, a, mx, ptr, ip4, ip6, exists };
  char qualifier = '+';  // + - ~ ?
  Kind kind = Kind::all;
  std::string domain;  // a macro string (7); empty: the current domain
  unsigned bits_v4 = 32, bits_v6 = 128;
  std::optional<net::IpAddress> network{};  // of ip4 and ip6
  std::string text{};                       // as it stands in the record

  bool looks_up() const { return kind != Kind::all && kind != Kind::ip4 && kind != Kind::ip6; }  // 4.6.4
};

struct SpfRecord {
  std::vector<SpfMechanism> mechanisms;
  std::optional<std::string> redirect, explanation;  // macro strings
};

bool is_spf(std::string_view text);  // 4.5: "v=spf1", and then a blank or nothing
// A permanent Failure names the term that is wrong.
Result<SpfRecord> parse_spf(std::string_view text);

}  // namespace tubepost::mailauth
