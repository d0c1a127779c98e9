// Addresses of sockets and of hosts, as values. IPv4-mapped IPv6 addresses are made IPv4 on the way in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace tubepost::net {

class IpAddress {
public:
  static std::optional<IpAddress> parse(
      std::string_view text);  // "192.0.2.7", "2001:db8::1", no brackets, no zone
  static std::optional<IpAddress> from_sockaddr(const sockaddr* address);
  bool is_v6() const { return v6_; }
  std::string to_text() const;          // RFC 5952 for IPv6
  std::string to_smtp_literal() const;  // RFC 5321 4.1.3: "[192.0.2.7]", "[IPv6:2001:db8::1]"
  bool is_loopback() const;
  // The first `bits` kept, the rest zero: 64 for what counts as one IPv6 client (L3).
  IpAddress network(unsigned bits) const;
  IpAddress last_of_network(unsigned bits) const;                       // as network(), the rest one
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }  // IPv4: the first four
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string to_text() const;  // "192.0.2.7:25", "[2001:db8::1]:25"
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// "addr:port", "[v6]:port", "addr" or "host" with `default_port`, "host:port": a host name is resolved now
// (L6) and may give several. Failure: a sentence that names what is wrong.
Result<std::vector<Endpoint>> resolve_endpoint(std::string_view text, std::uint16_t default_port);
// As above without resolving: numeric only.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

// This machine's own addresses, on all interfaces (A5).
std::vector<IpAddress> own_addresses();

}  // namespace tubepost::net
