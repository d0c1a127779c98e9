// A name server on a port of 127.0.0.1, for tests: answers each question, by UDP, with what a function makes of it, or not at all.
// The function is called by a thread of the server's; what it needs must outlive the server.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "support/dns_message.h"

namespace tubepost::test_support {

class DnsServer {
public:
  using Answering = std::function<std::optional<DnsMessage>(const std::string& name, dns::Type type)>;

  explicit DnsServer(Answering answering)
      : answering_(std::move(answering)),
        socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), size) != 0) std::abort();
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    port_ = ntohs(own.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~DnsServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::size_t asked() const { return asked_; }    // questions so far
  std::size_t askers() const { return askers_; }  // ports they came from, one after the other

private:
  void serve() {
    for (sockaddr_in last{};;) {
      pollfd fds[2] = {{socket_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      ::poll(fds, 2, -1);
      if (fds[1].revents != 0) return;
      char question[512];
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const auto got =
          ::recvfrom(socket_.get(), question, sizeof question, 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (got < 17) continue;
      ++asked_;
      if (peer.sin_port != last.sin_port) ++askers_;
      last = peer;
      answer({question, static_cast<std::size_t>(got)}, peer);
    }
  }
  void answer(std::string_view question, const sockaddr_in& peer) {
    std::string name;
    std::size_t at = 12;
    for (auto length = static_cast<std::size_t>(question[at]); length > 0;
         length = static_cast<std::size_t>(question[at])) {
      name += (name.empty() ? "" : ".") + std::string(question.substr(at + 1, length));
      at += 1 + length;
    }
    const auto type =
        static_cast<std::uint8_t>(question[at + 1]) << 8 | static_cast<std::uint8_t>(question[at + 2]);
    const auto message = answering_(name, static_cast<dns::Type>(type));
    if (!message) return;
    std::string text = message->text();
    text[0] = question[0], text[1] = question[1];
    ::sendto(socket_.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&peer),
             sizeof peer);
  }

  Answering answering_;
  UniqueFd socket_, stop_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> asked_{0}, askers_{0};
  std::thread thread_;
};

}  // namespace tubepost::test_support
