// Several questions at a time: what counts as an answer, and what is done where none comes.
#include "dns/datagrams.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>

#include "dns/system_resolver.h"
#include "net/sockaddr.h"
#include "support/dns_server.h"

namespace tubepost::dns {
namespace {

using namespace std::chrono_literals;
using test_support::DnsMessage;
using test_support::DnsServer;

constexpr std::uint16_t nxdomain = 3, servfail = 2, truncated = 0x0200, formerr = 1;

std::string address_of(const std::string& name) { return std::string("\x7f\0\0", 3) + name.front(); }

std::optional<DnsMessage> known(const std::string& name, Type type) {
  if (name == "silent.test") return std::nullopt;
  if (name == "absent.test") return DnsMessage(name, type, nxdomain);
  if (name == "broken.test") return DnsMessage(name, type, servfail);
  if (name == "long.test") return DnsMessage(name, type, truncated);
  if (name == "old.test") return DnsMessage(name, type, formerr);
  return DnsMessage(name, type).record(name, type, address_of(name));
}

std::vector<std::optional<AnyAnswer>> ask(const std::vector<std::string>& servers,
                                          const std::vector<std::string>& names,
                                          std::chrono::milliseconds wait = 10s,
                                          std::chrono::milliseconds limit = 20s) {
  std::vector<Question> questions;
  for (const auto& name : names) questions.push_back({name, Type::a});
  DatagramPlan plan{{}, wait, limit};
  for (const auto& server : servers) plan.servers.push_back(*net::parse_endpoint(server, 53));
  return ask_by_datagrams(questions, plan);
}

TEST(Datagrams, AllAreAskedAtOnceFromOneSocketAndAnsweredInTheirOrder) {
  DnsServer server(known);
  const auto answers = ask({server.address()}, {"a.test", "absent.test", "b.test", "a.test"});
  ASSERT_EQ(answers.size(), 4u);
  for (const std::size_t place : {0u, 2u, 3u}) {
    ASSERT_TRUE(answers[place] && answers[place]->kind == Kind::ok) << place;
    EXPECT_EQ(std::get<net::IpAddress>(answers[place]->records.at(0).data).to_text(),
              place == 2 ? "127.0.0.98" : "127.0.0.97");
  }
  EXPECT_EQ(answers[1]->kind, Kind::nxdomain);
  EXPECT_EQ(server.asked(), 4u);
  EXPECT_EQ(server.askers(), 1u);
}

TEST(Datagrams, OneThatIsNotAnsweredIsAskedForAgainAndTheOthersAreNot) {
  DnsServer server(known);
  const auto answers = ask({server.address()}, {"a.test", "silent.test"}, 1s, 20s);
  EXPECT_EQ(answers[0]->kind, Kind::ok);
  EXPECT_EQ(answers[1]->kind, Kind::timeout);
  EXPECT_EQ(server.asked(), 3u);
  EXPECT_EQ(server.askers(), 2u);
}

TEST(Datagrams, TheNextServerIsAskedWhereOneIsSilentGoneOrCannotSay) {
  DnsServer good(known), silent([](const auto&, auto) { return std::nullopt; });
  DnsServer failing([](const std::string& name, Type type) { return DnsMessage(name, type, servfail); });
  std::string gone;
  {
    DnsServer ended(known);
    gone = ended.address();
  }
  EXPECT_EQ(ask({gone, good.address()}, {"a.test"})[0]->kind, Kind::ok);
  EXPECT_EQ(ask({failing.address(), good.address()}, {"a.test"})[0]->kind, Kind::ok);
  EXPECT_EQ(ask({silent.address(), good.address()}, {"a.test"}, 500ms)[0]->kind, Kind::ok);
  EXPECT_EQ(ask({gone}, {"a.test"})[0]->kind, Kind::unreachable);
  EXPECT_EQ(ask({failing.address(), gone}, {"a.test"})[0]->kind, Kind::servfail);
  EXPECT_EQ(failing.asked(), 2u) << "who cannot say is not asked twice";
}

TEST(Datagrams, NothingIsWaitedForBeyondTheLimit) {
  DnsServer server(known);
  EXPECT_EQ(ask({server.address()}, {"a.test"}, 10s, 0ms)[0]->kind, Kind::timeout);
  EXPECT_EQ(server.asked(), 0u);
  EXPECT_EQ(ask({server.address()}, {"silent.test"}, 1h, 500ms)[0]->kind, Kind::timeout);
  EXPECT_EQ(server.asked(), 1u);
}

TEST(Datagrams, WhatDoesNotFitIsToBeAskedForInAnotherWay) {
  DnsServer server(known);
  const auto answers = ask({server.address()}, {"long.test", "old.test", "a.test"});
  EXPECT_FALSE(answers[0]);
  EXPECT_FALSE(answers[1]);
  EXPECT_TRUE(answers[2]);
}

TEST(Datagrams, AnAnswerToAnotherQuestionIsPassedOver) {
  DnsServer server([](const std::string& name, Type type) -> std::optional<DnsMessage> {
    if (name == "a.test") return DnsMessage("b.test", type).record("b.test", type, address_of("x"));
    return known(name, type);
  });
  const auto answers = ask({server.address()}, {"a.test", "b.test"}, 1s, 1s);
  EXPECT_EQ(answers[0]->kind, Kind::timeout);
  EXPECT_EQ(std::get<net::IpAddress>(answers[1]->records.at(0).data).to_text(), "127.0.0.98");
}

TEST(Datagrams, AQuestionIsSpeltAsTheRfcHasIt) {
  EXPECT_EQ(question_message({"mx.test", Type::aaaa}, 0x1234), std::string("\x12\x34\x01\x20\0\1\0\0\0\0\0\1"
                                                                           "\2mx\4test\0\0\x1c\0\1"
                                                                           "\0\0\x29\4\xd0\0\0\0\0\0\0",
                                                                           12 + 13 + 11));
  EXPECT_EQ(question_message({".", Type::ns}, 0).substr(12, 5), std::string("\0\0\2\0\1", 5));
}

TEST(Datagrams, AreHowASystemResolverAsksSeveral) {
  DnsServer server(known);
  auto resolver = SystemResolver::create({server.address()}).value();
  const auto answers =
      resolver.query_all({{"A.Test.", Type::a}, {"a..b", Type::a}, {"absent.test", Type::a}}, 10s);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].kind, Kind::ok);
  EXPECT_EQ(answers[1].kind, Kind::nxdomain) << "no name: nobody is asked";
  EXPECT_EQ(answers[2].kind, Kind::nxdomain);
  EXPECT_EQ(server.asked(), 2u);
  EXPECT_EQ(server.askers(), 1u);
  EXPECT_EQ(resolver.query_all({{"silent.test", Type::a}}, 200ms)[0].detail, server.address());
}

TEST(Datagrams, WhatDoesNotFitIsAskedForUntilTheLimitIsOver) {
  std::atomic<int> questions{0};
  DnsServer server([&](const std::string& name, Type type) -> std::optional<DnsMessage> {
    if (++questions > 2) return std::nullopt;  // and then it is silent
    return DnsMessage(name, type, truncated);
  });
  SystemResolver resolver({{*net::parse_endpoint(server.address(), 53)}, 1s});
  const auto answers = resolver.query_all({{"a.test", Type::a}, {"b.test", Type::a}}, 1s);
  EXPECT_EQ(answers[0].kind, Kind::timeout);
  EXPECT_EQ(answers[1].kind, Kind::timeout);
  EXPECT_EQ(server.asked(), 4u) << "both, and then one, twice";
}

// A listening socket on the port of a server that has the datagrams; nobody takes what comes, unless it is told to.
class TcpSide {
 public:
  explicit TcpSide(const std::string& server) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = net::SocketAddress::of(*net::parse_endpoint(server, 53));
    EXPECT_EQ(::bind(socket_.get(), address.raw(), address.size()), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
  }
  void answer_once(const DnsMessage& message) {
    thread_ = std::thread([this, message] {
      const UniqueFd peer(::accept(socket_.get(), nullptr, nullptr));
      char question[512];
      if (::recv(peer.get(), question, sizeof question, 0) < 4) return;
      std::string text = message.text();
      text[0] = question[2], text[1] = question[3];
      text = DnsMessage::number(static_cast<std::uint16_t>(text.size())) + text;
      for (const char byte : text) ::send(peer.get(), &byte, 1, MSG_NOSIGNAL);
    });
  }
  ~TcpSide() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  UniqueFd socket_;
  std::thread thread_;
};

TEST(Streams, HaveWhatDoesNotFitIntoADatagram) {
  DnsServer server([](const std::string& name, Type type) { return DnsMessage(name, type, truncated); });
  TcpSide tcp(server.address());
  tcp.answer_once(DnsMessage("a.test", Type::a).record("a.test", Type::a, address_of("abcd")));
  SystemResolver resolver({{*net::parse_endpoint(server.address(), 53)}, 5s});
  const auto answer = resolver.query("a.test", Type::a);
  EXPECT_EQ(answer.kind, Kind::ok);
  EXPECT_EQ(answer.records.size(), 1u);
}

TEST(Streams, AServerThatTakesTheConnectionAndIsSilentIsNotWaitedForBeyondTheLimit) {
  DnsServer server([](const std::string& name, Type type) { return DnsMessage(name, type, truncated); });
  const TcpSide silent(server.address());
  SystemResolver resolver({{*net::parse_endpoint(server.address(), 53)}, 1s});
  EXPECT_EQ(resolver.query("a.test", Type::a).kind, Kind::timeout);
  EXPECT_EQ(resolver.query_all({{"a.test", Type::a}}, 1s)[0].kind, Kind::timeout);
}

// In a process of its own, as libresolv reads its options once. What is wrong, or 0.
int ask_by_streams_alone() {
  DnsServer server(known);
  const Question question{"a.test", Type::a};
  const auto endpoint = *net::parse_endpoint(server.address(), 53);
  {
    TcpSide tcp(server.address());
    tcp.answer_once(DnsMessage("a.test", Type::a).record("a.test", Type::a, address_of("abcd")));
    auto asked = std::async(std::launch::async, [&] { return SystemResolver({{endpoint}, 10s}).query_all({question}, 20s); });
    if (asked.wait_for(60s) != std::future_status::ready) std::_Exit(1);
    if (asked.get()[0].kind != Kind::ok) std::_Exit(2);
    if (server.asked() != 0) std::_Exit(3);
  }
  const TcpSide silent(server.address());
  auto asked = std::async(std::launch::async, [&] { return SystemResolver({{endpoint}, 1s}).query("a.test", Type::a).kind; });
  if (asked.wait_for(60s) != std::future_status::ready) std::_Exit(4);
  return asked.get() == Kind::timeout ? 0 : 5;
}

TEST(Streams, AreAllThatIsUsedAndNotWaitedForBeyondTheLimitWhereResolvConfSaysUseVc) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ::setenv("RES_OPTIONS", "use-vc", 1);
  EXPECT_EXIT(std::_Exit(ask_by_streams_alone()), testing::ExitedWithCode(0), "");
  ::unsetenv("RES_OPTIONS");
}

TEST(Streams, AnAnswerToAnotherQuestionIsNone) {
  DnsServer server([](const std::string& name, Type type) { return DnsMessage(name, type, truncated); });
  TcpSide tcp(server.address());
  tcp.answer_once(DnsMessage("b.test", Type::a).record("b.test", Type::a, address_of("abcd")));
  SystemResolver resolver({{*net::parse_endpoint(server.address(), 53)}, 1s});
  EXPECT_EQ(resolver.query("a.test", Type::a).kind, Kind::timeout);
}

}  // namespace
}  // namespace tubepost::dns
