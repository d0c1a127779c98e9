#include "dns/host_port.h"

#include "base/text.h"
#include "dns/name.h"
#include "net/endpoint.h"

namespace tubepost::dns {

std::string HostPort::to_text() const {
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  if (const auto endpoint = net::parse_endpoint(text, default_port))
    return HostPort{endpoint->address.to_text(), endpoint->port};
  std::uint16_t port = default_port;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    const auto number = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!number || *number == 0) return std::nullopt;
    port = *number;
    text = text.substr(0, colon);
  }
  const auto name = normal_name(text);
  return name ? std::optional<HostPort>({*name, port}) : std::nullopt;
}

}  // namespace tubepost::dns
