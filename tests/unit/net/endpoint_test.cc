#include "net/endpoint.h"

#include <gtest/gtest.h>

#include "net/address_set.h"

namespace tubepost::net {
namespace {

TEST(IpAddress, IsReadAndWritten) {
  const struct {
    const char *text, *written, *reason;
  } cases[] = {
      {"192.0.2.7", "192.0.2.7", "IPv4"},
      {"2001:db8::1", "2001:db8::1", "IPv6"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1", "RFC 5952: lower case, shortened"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "RFC 5952 4.2.2: one zero field is not shortened"},
      {"::ffff:192.0.2.7", "192.0.2.7", "IPv4-mapped is IPv4"},
      {"::", "::", "any"},
      {"192.0.2", nullptr, "three parts"},
      {"192.0.2.07", nullptr, "leading zero"},
      {"[::1]", nullptr, "brackets"},
      {"fe80::1%lo", nullptr, "zone"},
      {"", nullptr, "empty"},
      {"1.2.3.4 ", nullptr, "blank"},
      {"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", nullptr, "long"},
  };
  for (const auto& c : cases) {
    const auto address = IpAddress::parse(c.text);
    ASSERT_EQ(address.has_value(), c.written != nullptr) << c.reason;
    if (!address) continue;
    EXPECT_EQ(address->to_text(), c.written) << c.reason;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, SmtpLiterals) {
  EXPECT_EQ(IpAddress::parse("192.0.2.7")->to_smtp_literal(), "[192.0.2.7]");
  EXPECT_EQ(IpAddress::parse("2001:db8::1")->to_smtp_literal(), "[IPv6:2001:db8::1]");
}

TEST(IpAddress, Loopback) {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  for (const char* text : {"128.0.0.1", "::", "::2", "1::1"})
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback());
}

TEST(IpAddress, NetworksKeepTheirFirstBits) {
  const auto v6 = *IpAddress::parse("2001:db8:1:2:3:4:5:6");
  EXPECT_EQ(v6.network(64).to_text(), "2001:db8:1:2::");
  EXPECT_EQ(v6.network(63).to_text(), "2001:db8:1:2::");
  EXPECT_EQ(v6.network(0).to_text(), "::");
  EXPECT_EQ(v6.network(128), v6);
  EXPECT_EQ(v6.last_of_network(64).to_text(), "2001:db8:1:2:ffff:ffff:ffff:ffff");
  const auto v4 = *IpAddress::parse("192.0.2.255");
  EXPECT_EQ(v4.network(25).to_text(), "192.0.2.128");
  EXPECT_EQ(v4.network(24).last_of_network(20).to_text(), "192.0.15.255");
}

TEST(Endpoint, IsReadWithOrWithoutPort) {
  const struct {
    const char *text, *written;
  } cases[] = {
      {"192.0.2.7", "192.0.2.7:25"}, {"192.0.2.7:2525", "192.0.2.7:2525"},
      {"::1", "[::1]:25"},           {"[::1]", "[::1]:25"},
      {"[::1]:2525", "[::1]:2525"},  {"192.0.2.7:0", "192.0.2.7:0"},
      {"192.0.2.7:", nullptr},       {"192.0.2.7:65536", nullptr},
      {"[::1]2525", nullptr},        {"[192.0.2.7]:25", nullptr},
      {"localhost:25", nullptr},     {":25", nullptr},
      {"[::1:25", nullptr},          {"192.0.2.7:+5", nullptr},
      {"192.0.2.7:25x", nullptr},
  };
  for (const auto& c : cases) {
    const auto endpoint = parse_endpoint(c.text, 25);
    ASSERT_EQ(endpoint.has_value(), c.written != nullptr) << c.text;
    if (!endpoint) continue;
    EXPECT_EQ(endpoint->to_text(), c.written);
  }
}

TEST(Endpoint, HostNamesAreResolved) {
  const auto found = resolve_endpoint("localhost:2525", 25);
  ASSERT_TRUE(found);
  for (const Endpoint& endpoint : *found) {
    EXPECT_TRUE(endpoint.address.is_loopback());
    EXPECT_EQ(endpoint.port, 2525);
  }
}

TEST(Endpoint, WhatCannotBeResolvedIsNamed) {
  for (const char* text : {"", ":25", "a b:25", "host.invalid:99999", "unix:/x", "[fe80::1%lo]:25"}) {
    const auto found = resolve_endpoint(text, 25);
    ASSERT_FALSE(found) << text;
    EXPECT_NE(found.error().text.find(std::string("'") + text + "'"), std::string::npos)
        << found.error().text;
  }
}

TEST(OwnAddresses, HaveLoopback) {
  const auto own = own_addresses();
  EXPECT_NE(std::find(own.begin(), own.end(), *IpAddress::parse("127.0.0.1")), own.end());
}

TEST(AddressSet, ContainsWhatItNames) {
  const auto set =
      AddressSet::parse("192.0.2.1, 10.0.0.0/8,2001:db8::/32 , 198.51.100.5-198.51.100.9,10.1.0.0/16");
  ASSERT_TRUE(set);
  for (const char* in : {"192.0.2.1", "10.0.0.0", "10.255.255.255", "2001:db8::", "2001:db8:ffff::1",
                         "198.51.100.5", "198.51.100.9", "::ffff:10.1.2.3"})
    EXPECT_TRUE(set->contains(*IpAddress::parse(in))) << in;
  for (const char* out : {"192.0.2.0", "192.0.2.2", "9.255.255.255", "11.0.0.0", "2001:db7::", "2001:db9::",
                          "0.0.0.0", "198.51.100.4", "198.51.100.10", "::1", "::a00:1"})
    EXPECT_FALSE(set->contains(*IpAddress::parse(out))) << out;
}

TEST(AddressSet, EmptyTextIsTheEmptySet) {
  for (const char* text : {"", "  "}) {
    const auto set = AddressSet::parse(text);
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->empty());
    EXPECT_FALSE(set->contains(*IpAddress::parse("127.0.0.1")));
  }
}

TEST(AddressSet, WholeFamiliesStaySeparate) {
  const auto v4 = *AddressSet::parse("0.0.0.0/0"), v6 = *AddressSet::parse("::/0");
  EXPECT_TRUE(v4.contains(*IpAddress::parse("255.255.255.255")));
  EXPECT_FALSE(v4.contains(*IpAddress::parse("::1")));
  EXPECT_TRUE(v6.contains(*IpAddress::parse("ffff::1")));
  EXPECT_FALSE(v6.contains(*IpAddress::parse("1.2.3.4")));
}

TEST(AddressSet, HostBitsInABlockDoNotMatter) {
  EXPECT_TRUE(AddressSet::parse("192.168.1.7/24")->contains(*IpAddress::parse("192.168.1.200")));
}

TEST(AddressSet, WhatIsWrongIsNamed) {
  for (const char* text :
       {"10.0.0.0/33", "::/129", "10.0.0.0/", "/8", "10.0.0.0/-1", "10.0.0.9-10.0.0.1", "1.2.3.4-::1", "a",
        ",", "10.0.0.1,", "1.2.3.4-", "::ffff:1.2.3.4/120", "10.0.0.0/8/8"}) {
    const auto set = AddressSet::parse(text);
    EXPECT_FALSE(set) << text;
  }
  EXPECT_NE(AddressSet::parse("10.0.0.1,oops").error().text.find("'oops'"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::net
