// A sockaddr of any family, for the calls of the kernel.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "net/endpoint.h"

namespace tubepost::net {

class SocketAddress {
public:
  static SocketAddress of(const Endpoint& endpoint);
  static std::optional<SocketAddress> of_unix(
      const std::string& path);  // nullopt: too long, empty, or a NUL inside

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  socklen_t* size_for_kernel() { return &size_; }
  std::optional<Endpoint> endpoint() const;  // nullopt: neither IPv4 nor IPv6

private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

}  // namespace tubepost::net
