#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace tubepost::net {

SocketAddress SocketAddress::of(const Endpoint& endpoint) {
  SocketAddress result;
  const auto& bytes = endpoint.address.bytes();
  if (endpoint.address.is_v6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    std::memcpy(&result.storage_, &v6, result.size_ = sizeof v6);
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    std::memcpy(&result.storage_, &v4, result.size_ = sizeof v4);
  }
  return result;
}

std::optional<SocketAddress> SocketAddress::of_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos)
    return std::nullopt;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  SocketAddress result;
  result.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  std::memcpy(&result.storage_, &address, result.size_);
  return result;
}

std::optional<Endpoint> SocketAddress::endpoint() const {
  const auto address = IpAddress::from_sockaddr(raw());
  if (!address) return std::nullopt;
  // The port stands at the same place in both families.
  sockaddr_in v4{};
  std::memcpy(&v4, &storage_, sizeof v4);
  return Endpoint{*address, ntohs(v4.sin_port)};
}

}  // namespace tubepost::net
