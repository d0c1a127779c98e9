// What names lead to: the types of records we ask for (RFC 1035, RFC 2782, RFC 3596, RFC 6698, RFC 8659) and their data as
// values. Names are lower case, without the trailing dot; the root is ".". Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "net/endpoint.h"

namespace tubepost::dns {

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  tlsa = 52,
  caa = 257
};
std::string_view to_text(Type type);  // "AAAA"

struct Mx {
  std::uint16_t preference = 0;
  std::string host;  // "." is the null MX (RFC 7505)
};
struct Text {
  std::string text;  // its character-strings put together (RFC 7208 3.3, RFC 8461 3.1)
};
struct Host {  // of PTR, CNAME and NS
  std::string name;
};
struct Tlsa {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;
};
struct Srv {
  std::uint16_t priority = 0, weight = 0, port = 0;
  std::string host;
};
struct Caa {
  std::uint8_t flags = 0;
  std::string tag, value;
};
struct Soa {
  std::string primary, mailbox;
  std::uint32_t serial = 0, minimum = 0;
};

using Data = std::variant<net::IpAddress, Mx, Text, Host, Tlsa, Srv, Caa, Soa>;

struct Record {
  std::string name;  // its owner: behind a CNAME another than was asked for
  Type type = Type::a;
  std::uint32_t ttl = 0;
  Data data;
};

}  // namespace tubepost::dns
