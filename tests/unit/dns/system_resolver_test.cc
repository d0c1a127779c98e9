#include "dns/system_resolver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "base/unique_fd.h"
#include "support/dns_message.h"

namespace tubepost::dns {
namespace {

using test_support::DnsMessage;

// Answers the one question that comes with the message it was given, whatever the question is.
class OneAnswer {
public:
  explicit OneAnswer(const std::string& host, std::optional<DnsMessage> answer)
      : socket_(::socket(host == "::1" ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    address.ss_family = host == "::1" ? AF_INET6 : AF_INET;
    if (host == "::1")
      ::inet_pton(AF_INET6, host.c_str(), &reinterpret_cast<sockaddr_in6&>(address).sin6_addr);
    else
      ::inet_pton(AF_INET, host.c_str(), &reinterpret_cast<sockaddr_in&>(address).sin_addr);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address),
                     host == "::1" ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)),
              0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);  // at the same place in both
    if (answer) thread_ = std::thread([this, answer] { serve(*answer); });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return port_; }
  void close() { socket_ = UniqueFd(); }

private:
  void serve(const DnsMessage& answer) {
    char question[512];
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    if (::recvfrom(socket_.get(), question, sizeof question, 0, reinterpret_cast<sockaddr*>(&peer), &size) <
        2)
      return;
    std::string text = answer.text();
    text[0] = question[0], text[1] = question[1];
    ::sendto(socket_.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
  }
  UniqueFd socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

SystemResolver resolver_of(const std::string& server) { return SystemResolver::create({server}).value(); }

TEST(SystemResolver, AsksTheServerItWasGiven) {
  for (const std::string host : {"127.0.0.1", "::1"}) {
    OneAnswer server(host, DnsMessage("x.test", Type::a, 0x20).record("x.test", Type::a, "\x7f\1\2\3"));
    const std::string name = host == "::1" ? "[::1]" : host;
    const auto answer = resolver_of(name + ':' + std::to_string(server.port())).a("X.test.");
    ASSERT_TRUE(answer.ok()) << host << ' ' << answer.detail;
    EXPECT_EQ(answer.records.at(0).to_text(), "127.1.2.3");
    EXPECT_TRUE(answer.authenticated);
    EXPECT_EQ(answer.ttl, 300u);
  }
}

TEST(SystemResolver, TellsNoSuchNameFromNoSuchRecord) {
  OneAnswer absent("127.0.0.1", DnsMessage("x.test", Type::mx, 3));
  EXPECT_EQ(resolver_of("127.0.0.1:" + std::to_string(absent.port())).mx("x.test").kind, Kind::nxdomain);
  OneAnswer empty("127.0.0.1", DnsMessage("x.test", Type::mx));
  EXPECT_EQ(resolver_of("127.0.0.1:" + std::to_string(empty.port())).mx("x.test").kind, Kind::nodata);
}

TEST(SystemResolver, KnowsWhetherADenialIsAuthenticated) {
  for (const int code : {0, 3}) {
    for (const int bit : {0, 0x20}) {
      OneAnswer server("127.0.0.1", DnsMessage("x.test", Type::aaaa, static_cast<std::uint16_t>(code | bit)));
      const auto answer = resolver_of("127.0.0.1:" + std::to_string(server.port())).aaaa("x.test");
      EXPECT_TRUE(answer.is_absent());
      EXPECT_EQ(answer.authenticated, bit != 0) << code;
    }
  }
}

TEST(SystemResolver, SaysThatNobodyIsThere) {
  OneAnswer gone("127.0.0.1", std::nullopt);
  gone.close();
  const auto answer = resolver_of("127.0.0.1:" + std::to_string(gone.port())).a("x.test");
  EXPECT_EQ(answer.kind, Kind::unreachable);
  EXPECT_EQ(answer.detail, "127.0.0.1:" + std::to_string(gone.port()));
}

TEST(SystemResolver, RefusesServersThatAreNoAddresses) {
  EXPECT_FALSE(SystemResolver::create({"dns.example"}));
  EXPECT_TRUE(SystemResolver::create({"192.0.2.1", "[2001:db8::1]:5353"}));
}

TEST(SystemResolver, AsksNobodyAboutWhatIsNoName) {
  EXPECT_EQ(resolver_of("192.0.2.1:9").a("a..b").kind, Kind::nxdomain);
  EXPECT_EQ(resolver_of("192.0.2.1:9").a(std::string("a\0b", 3)).kind, Kind::nxdomain);
}

}  // namespace
}  // namespace tubepost::dns
