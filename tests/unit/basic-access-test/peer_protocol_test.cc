#include "basic-access-test/peer_protocol.h"

#include <gtest/gtest.h>

namespace tubepost::basic_access_test {
namespace {

const std::string secret = "a secret of some length", server_nonce(32, 'a'), nonce(32, 'b');

TEST(PeerProtocol, ARequestComesThroughAsItWasMade) {
  const auto request = parse_view_request(view_request(secret, server_nonce, nonce, {25, 993}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ports, (std::vector<std::uint16_t>{25, 993}));
  EXPECT_TRUE(is_genuine(*request, secret, server_nonce));
}

TEST(PeerProtocol, ARequestIsGenuineOnlyWithItsSecretNonceAndPorts) {
  auto request = *parse_view_request(view_request(secret, server_nonce, nonce, {25}));
  EXPECT_FALSE(is_genuine(request, "another secret of some length", server_nonce));
  EXPECT_FALSE(is_genuine(request, secret, std::string(32, 'c')));
  request.ports.push_back(22);
  EXPECT_FALSE(is_genuine(request, secret, server_nonce));
}

TEST(PeerProtocol, AnAnswerIsNoRequest) {
  const auto mac = answer_mac(secret, server_nonce, nonce, " 25");
  EXPECT_FALSE(is_genuine({nonce, mac, {25}}, secret, server_nonce));
}

TEST(PeerProtocol, RefusesWhatIsNoRequest) {
  const std::string good = view_request(secret, server_nonce, nonce, {25});
  for (const auto& line :
       {std::string(), good.substr(5), good + " 0", good + " 65536", good + " 192.0.2.1:25", good + " -1",
        "view x y 25" + std::string(), good.substr(0, 40)})
    EXPECT_FALSE(parse_view_request(line)) << line;
}

TEST(PeerProtocol, TakesAsManyPortsAsItsLimitAndNotOneMore) {
  std::vector<std::uint16_t> ports(peer_ports_max, 25);
  EXPECT_TRUE(parse_view_request(view_request(secret, server_nonce, nonce, ports)));
  ports.push_back(25);
  EXPECT_FALSE(parse_view_request(view_request(secret, server_nonce, nonce, ports)));
}

TEST(PeerProtocol, WhatWasSeenComesThroughAsOneLine) {
  const auto view = parse_port_view(to_line({993, PortView::Kind::failed, "two words\r\nand 100 %"}));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->port, 993);
  EXPECT_EQ(view->kind, PortView::Kind::failed);
  EXPECT_EQ(view->text.find('\n'), std::string::npos);
  EXPECT_TRUE(parse_port_view(to_line({25, PortView::Kind::ok, ""})));
  EXPECT_FALSE(parse_port_view("port 25 perhaps x"));
}

TEST(PeerProtocol, PortsOfTheSettingsMaySayThatTlsComesFirst) {
  EXPECT_FALSE(parse_peer_port("587")->tls_first);
  EXPECT_TRUE(parse_peer_port("993/tls")->tls_first);
  for (const char* text : {"", "0", "/tls", "993/ssl", "host:25", "70000"})
    EXPECT_FALSE(parse_peer_port(text)) << text;
}

TEST(PeerProtocol, GreetsWithANonce) {
  EXPECT_EQ(parse_peer_greeting(peer_greeting(server_nonce)), server_nonce);
  EXPECT_NE(make_nonce(), make_nonce());
  EXPECT_FALSE(parse_peer_greeting("220 mx.example.test ESMTP"));
}

}  // namespace
}  // namespace tubepost::basic_access_test
