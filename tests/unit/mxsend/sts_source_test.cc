#include "mailauth/sts_source.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "base/unique_fd.h"
#include "support/fake_resolver.h"

namespace tubepost::mailauth {
namespace {

using namespace std::chrono_literals;

// Says byte by byte that a long TLS record begins, until whoever listens has enough of it, or half a minute is over.
class Drip {
public:
  Drip() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
    if (::listen(listener_.get(), 1) != 0) std::abort();
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Drip() {
    if (thread_.joinable()) thread_.join();
  }
  bool was_left() {
    thread_.join();
    return was_left_;
  }
  std::uint16_t port = 0;

private:
  void serve() {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 30'000) != 1) return;
    const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
    const std::string record =
        std::string("\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb", 9) + std::string(600, '\3');
    for (const char byte : record) {
      if (::send(client.get(), &byte, 1, MSG_NOSIGNAL) != 1) {
        was_left_ = true;
        return;
      }
      pollfd hung{client.get(), POLLRDHUP, 0};
      if (::poll(&hung, 1, 50) == 1) {
        was_left_ = true;
        return;
      }
    }
  }
  UniqueFd listener_;
  bool was_left_ = false;
  std::thread thread_;
};

TEST(StsSource, DoesNotWaitForEverForWhoSendsByteByByte) {
  Drip server;
  test_support::FakeResolver resolver;
  resolver.add("mta-sts.x.test", "127.0.0.1");
  HttpsStsSource source({server.port, "", 300ms}, resolver);
  const auto policy = source.fetch("x.test");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().retry, Retry::later);
  EXPECT_TRUE(server.was_left());
}

}  // namespace
}  // namespace tubepost::mailauth
