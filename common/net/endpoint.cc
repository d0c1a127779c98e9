#include "net/endpoint.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "net/sockaddr.h"

namespace tubepost::net {
namespace {

constexpr std::size_t longest_address = INET6_ADDRSTRLEN;  // more is no address; inet_pton wants a C string

std::optional<std::uint16_t> parse_port(std::string_view text) { return parse_number<std::uint16_t>(text); }

// "host", "host:port", "[v6]", "[v6]:port"; a bare IPv6 address is all host.
struct HostAndPort {
  std::string_view host;
  std::uint16_t port;
  bool bracketed;
};

std::optional<HostAndPort> split_host_and_port(std::string_view text, std::uint16_t default_port) {
  HostAndPort result{text, default_port, false};
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return std::nullopt;
    result = {text.substr(1, close - 1), default_port, true};
    rest = text.substr(close + 1);
  } else if (const auto colon = text.find(':'); colon != text.npos && colon == text.rfind(':')) {
    result.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return result;
  const auto port = rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  result.port = *port;
  return result;
}

Result<std::vector<Endpoint>> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  if (error != 0) {
    std::string text = "host name '" + printable(host) + "' cannot be resolved: " + ::gai_strerror(error);
    return error == EAI_AGAIN ? Failure::temporary(std::move(text)) : Failure::permanent(std::move(text));
  }
  std::vector<Endpoint> found;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    const auto address = IpAddress::from_sockaddr(one->ai_addr);
    if (!address) continue;
    const Endpoint endpoint{*address, port};
    if (std::find(found.begin(), found.end(), endpoint) == found.end()) found.push_back(endpoint);
  }
  if (found.empty()) return Failure::permanent("host name '" + printable(host) + "' has no address");
  return found;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > longest_address || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress result;
  if (::inet_pton(AF_INET, terminated.c_str(), result.bytes_.data()) == 1) return result;
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, terminated.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  return from_sockaddr(reinterpret_cast<const sockaddr*>(&v6));
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr* address) {
  IpAddress result;
  if (address->sa_family == AF_INET) {
    std::memcpy(result.bytes_.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return result;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::memcpy(result.bytes_.data(), v6.s6_addr + 12, 4);
  } else {
    result.v6_ = true;
    std::memcpy(result.bytes_.data(), v6.s6_addr, 16);
  }
  return result;
}

std::string IpAddress::to_text() const {
  char text[INET6_ADDRSTRLEN];
  return ::inet_ntop(v6_ ? AF_INET6 : AF_INET, bytes_.data(), text, sizeof text);
}

std::string IpAddress::to_smtp_literal() const { return (v6_ ? "[IPv6:" : "[") + to_text() + "]"; }

bool IpAddress::is_loopback() const {
  if (!v6_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

IpAddress IpAddress::network(unsigned bits) const {
  IpAddress result = *this;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8U) : 0;
    result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] & (0xff00U >> kept));
  }
  return result;
}

IpAddress IpAddress::last_of_network(unsigned bits) const {
  IpAddress result = network(bits);
  for (unsigned i = 0; i < (v6_ ? 16U : 4U); ++i) {
    const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8U) : 0;
    result.bytes_[i] = static_cast<std::uint8_t>(result.bytes_[i] | (0xffU >> kept));
  }
  return result;
}

std::string Endpoint::to_text() const {
  const std::string host = address.to_text();
  return (address.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  const auto parts = split_host_and_port(text, default_port);
  if (!parts) return std::nullopt;
  const auto address = IpAddress::parse(parts->host);
  // Brackets are for IPv6 only (RFC 3986 3.2.2); an address that came out as IPv4 may have been a mapped one.
  if (!address || (parts->bracketed && parts->host.find(':') == std::string_view::npos)) return std::nullopt;
  return Endpoint{*address, parts->port};
}

Result<std::vector<Endpoint>> resolve_endpoint(std::string_view text, std::uint16_t default_port) {
  if (const auto endpoint = parse_endpoint(text, default_port)) return std::vector{*endpoint};
  const auto parts = split_host_and_port(text, default_port);
  const bool host_name = parts && !parts->bracketed && !parts->host.empty() && parts->host.size() <= 253 &&
                         std::all_of(parts->host.begin(), parts->host.end(), [](char c) {
                           return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
                         });
  if (!host_name)
    return Failure::permanent("'" + printable(text) +
                              "' is neither ADDR, ADDR:PORT, [IPV6]:PORT nor HOST:PORT");
  return look_up(std::string(parts->host), parts->port);
}

std::vector<IpAddress> own_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<IpAddress> found;
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (!one->ifa_addr) continue;
    if (const auto address = IpAddress::from_sockaddr(one->ifa_addr)) found.push_back(*address);
  }
  return found;
}

}  // namespace tubepost::net
