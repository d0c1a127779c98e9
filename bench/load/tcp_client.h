// What the load programs speak with: a connection to a server on loopback that waits for nothing but the server. Whatever fails ends
// the program.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace load {

[[noreturn]] inline void fail(const char* what, const std::string& said = {}) {
  std::fprintf(stderr, "%s: %s %s\n", program_invocation_short_name, what, said.c_str());
  std::exit(1);
}

inline unsigned number(const char* text) { return static_cast<unsigned>(std::strtoul(text, nullptr, 10)); }

class TcpClient {
public:
  // `from`: the client's address, in network byte order; INADDR_ANY: the usual one.
  explicit TcpClient(std::uint16_t port, in_addr_t from = htonl(INADDR_ANY))
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{}, to{};
    own.sin_family = to.sin_family = AF_INET;
    own.sin_addr.s_addr = from;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) fail("bind");
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
  }
  TcpClient(const TcpClient&) = delete;
  ~TcpClient() { ::close(fd_); }

  int fd() const { return fd_; }
  void write(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const auto size = ::send(fd_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (size <= 0) fail("send");
      done += static_cast<std::size_t>(size);
    }
  }
  // Adds what there is, at least a byte.
  void read_to(std::string& text) {
    char buffer[16'384];
    const auto size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size <= 0) fail("the server closed:", text);
    text.append(buffer, static_cast<std::size_t>(size));
  }

private:
  int fd_;
};

}  // namespace load
