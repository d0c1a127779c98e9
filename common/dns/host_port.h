// A host, by name or address, and a port, as people write it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost::dns {

struct HostPort {
  std::string host;  // a name in normal form, or an address without brackets
  std::uint16_t port = 0;
  std::string to_text() const;
};
// "HOST", "HOST:PORT", "ADDR", "[v6]:PORT".
std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace tubepost::dns
