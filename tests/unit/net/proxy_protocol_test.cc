#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::net {
namespace {

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(char command, char family, const std::string& rest) {
  return signature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 255) + rest;
}

const std::string four("\xc0\x00\x02\x07\x7f\x00\x00\x01\x30\x39\x00\x19",
                       12);  // 192.0.2.7:12345 to 127.0.0.1:25

std::string six() {
  std::string bytes = "\x20\x01\x0d\xb8";
  bytes += std::string(11, '\0') + '\1' + std::string(15, '\0') + '\1';
  return bytes + std::string("\x30\x39\x00\x19", 4);
}

TEST(ProxyHeader, SaysWhoTheClientIs) {
  const struct {
    std::string header;
    const char *client, *server, *reason;
  } cases[] = {
      {"PROXY TCP4 192.0.2.7 127.0.0.1 12345 25\r\n", "192.0.2.7:12345", "127.0.0.1:25", "version 1, IPv4"},
      {"PROXY TCP6 2001:db8::1 ::1 12345 25\r\n", "[2001:db8::1]:12345", "[::1]:25", "version 1, IPv6"},
      {"PROXY UNKNOWN\r\n", nullptr, nullptr, "unknown"},
      {"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", nullptr, nullptr, "unknown, what follows is ignored"},
      {v2(0x21, 0x11, four), "192.0.2.7:12345", "127.0.0.1:25", "version 2, IPv4"},
      {v2(0x21, 0x21, six()), "[2001:db8::1]:12345", "[::1]:25", "version 2, IPv6"},
      {v2(0x21, 0x11, four + "TLVs"), "192.0.2.7:12345", "127.0.0.1:25", "TLVs are passed over"},
      {v2(0x20, 0x00, ""), nullptr, nullptr, "LOCAL"},
      {v2(0x20, 0x11, four), nullptr, nullptr, "LOCAL with addresses: they do not count"},
      {v2(0x21, 0x31, std::string(216, 'x')), nullptr, nullptr, "Unix sockets"},
  };
  for (const auto& c : cases) {
    const auto header = parse_proxy_header(c.header);
    ASSERT_TRUE(header) << c.reason;
    EXPECT_EQ(proxy_header_size(c.header + "EHLO"), c.header.size()) << c.reason;
    ASSERT_EQ(header->client.has_value(), c.client != nullptr) << c.reason;
    if (!c.client) continue;
    EXPECT_EQ(header->client->to_text(), c.client) << c.reason;
    EXPECT_EQ(header->server->to_text(), c.server) << c.reason;
  }
}

TEST(ProxyHeader, WhatIsWrongIsRefused) {
  const struct {
    std::string header;
    const char* reason;
  } cases[] = {
      {"PROXY TCP4 192.0.2.7 127.0.0.1 12345 25\n", "LF alone"},
      {"PROXY TCP4 192.0.2.7 127.0.0.1 12345\r\n", "a port is missing"},
      {"PROXY TCP4 192.0.2.7 127.0.0.1 12345 25 \r\n", "a blank too many"},
      {"PROXY  TCP4 192.0.2.7 127.0.0.1 12345 25\r\n", "two blanks"},
      {"PROXY TCP4 2001:db8::1 ::1 12345 25\r\n", "IPv6 as IPv4"},
      {"PROXY TCP6 192.0.2.7 127.0.0.1 12345 25\r\n", "IPv4 as IPv6"},
      {"PROXY TCP4 192.0.2.7 127.0.0.1 012345 25\r\n", "leading zero"},
      {"PROXY TCP4 192.0.2.7 127.0.0.1 65536 25\r\n", "port out of range"},
      {"PROXY TCP5 192.0.2.7 127.0.0.1 1 25\r\n", "no such family"},
      {"PROXY UNKNOWNER\r\n", "no such word"},
      {v2(0x11, 0x11, four), "version 1 in the binary form"},
      {v2(0x22, 0x11, four), "no such command"},
      {v2(0x21, 0x11, four.substr(1)), "too short for its family"},
      {v2(0x21, 0x21, four), "IPv4 addresses as IPv6"},
      {"EHLO me\r\n", "no header"},
  };
  for (const auto& c : cases) EXPECT_FALSE(parse_proxy_header(c.header)) << c.reason;
}

TEST(ProxyHeader, ReadingTakesTheHeaderAndNotOneByteMore) {
  for (const std::string& header :
       {std::string("PROXY TCP4 192.0.2.7 127.0.0.1 12345 25\r\n"), v2(0x21, 0x11, four)})
    for (const std::size_t piece : {1UL, 5UL, 1000UL}) {
      test_support::MemoryStream stream(header + "EHLO me", test_support::MemoryStream::AtEnd::end_of_input,
                                        piece);
      const auto read = read_proxy_header(stream);
      ASSERT_TRUE(read);
      EXPECT_EQ(read->client->to_text(), "192.0.2.7:12345");
      std::string rest(100, ' ');
      std::size_t size = 0;
      while (const auto count = stream.read({rest.data() + size, rest.size() - size})) size += count;
      EXPECT_EQ(rest.substr(0, size), "EHLO me");
    }
}

TEST(ProxyHeader, ReadingRefusesWhatIsNoneAndWhatNeverEnds) {
  const std::string endless = "PROXY UNKNOWN " + std::string(1000, 'x'),
                    huge = signature + "\x21\x11\xff\xff" + four;
  for (const std::string& input :
       {std::string("EHLO me\r\nQUIT\r\n"), endless, huge, std::string("PROXY"), std::string()}) {
    test_support::MemoryStream stream(input);
    EXPECT_FALSE(read_proxy_header(stream)) << input.substr(0, 20);
  }
}

}  // namespace
}  // namespace tubepost::net
