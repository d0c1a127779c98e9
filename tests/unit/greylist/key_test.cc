#include "greylist/key.h"

#include <gtest/gtest.h>

namespace tubepost::greylist {
namespace {

policy::Record request(std::initializer_list<std::pair<const char*, std::string>> changes) {
  std::map<std::string, std::string> attributes{{"request", "smtpd_access_policy"},
                                                {"client_address", "192.0.2.7"},
                                                {"client_name", "mx1.mail.example.net"},
                                                {"sender", "A.Person@Example.Net"},
                                                {"recipient", "bob@example.test"}};
  for (const auto& [name, value] : changes) attributes[name] = value;
  policy::Record record;
  for (const auto& [name, value] : attributes) record.add(name, value);
  return record;
}

std::string client(KeyKind kind, std::initializer_list<std::pair<const char*, std::string>> changes = {}) {
  const auto triplet = triplet_of(request(changes), kind);
  return triplet ? triplet->client : "none";
}

TEST(GreylistKey, OfAClientIsWhatTheSettingSays) {
  EXPECT_EQ(client(KeyKind::exact), "192.0.2.7");
  EXPECT_EQ(client(KeyKind::net), "192.0.2.0/24");
  EXPECT_EQ(client(KeyKind::domain), "mail.example.net");
  EXPECT_EQ(client(KeyKind::exact, {{"client_address", "2001:DB8::1"}}), "2001:db8::1");
  EXPECT_EQ(client(KeyKind::net, {{"client_address", "2001:db8::1:2:3:4"}}), "2001:db8::/64");
  EXPECT_EQ(client(KeyKind::exact, {{"client_address", "::ffff:192.0.2.7"}}), "192.0.2.7");
}

TEST(GreylistKey, WithoutADomainThatIsAuthenticatedTheNetworkStandsForIt) {
  EXPECT_EQ(client(KeyKind::domain, {{"client_name", "unknown"}}), "192.0.2.0/24");
  EXPECT_EQ(client(KeyKind::domain, {{"client_name", "example.net"}}), "192.0.2.0/24")
      << "only .net would be left";
  EXPECT_EQ(client(KeyKind::domain, {{"authenticated_domain", "Sender.Example"}}), "sender.example");
}

TEST(GreylistKey, AddressesAreComparedInLowerCase) {
  const auto triplet = triplet_of(request({}), KeyKind::exact);
  ASSERT_TRUE(triplet);
  EXPECT_EQ(triplet->sender, "a.person@example.net");
}

TEST(GreylistKey, WhatIsNotOursHasNone) {
  EXPECT_EQ(client(KeyKind::exact, {{"sasl_username", "bob"}}), "none") << "authenticated: S5 does not hold";
  EXPECT_EQ(client(KeyKind::exact, {{"recipient", ""}}), "none");
  EXPECT_EQ(client(KeyKind::exact, {{"client_address", "unknown"}}), "none");
  EXPECT_EQ(client(KeyKind::exact, {{"request", "junk"}}), "none");
  EXPECT_EQ(client(KeyKind::exact, {{"sender", ""}}), "192.0.2.7")
      << "the null reverse-path is a sender as others";
}

TEST(GreylistKey, FitsIntoTheDatabaseWhateverTheAddresses) {
  const std::string address(1000, 'x');
  const auto triplet =
      triplet_of(request({{"sender", address}, {"recipient", address}, {"authenticated_domain", address}}),
                 KeyKind::domain);
  ASSERT_TRUE(triplet);
  EXPECT_LE(triplet_key(*triplet).size(), 511u);
}

TEST(GreylistKey, IsReadAgain) {
  const auto triplet = parse_triplet_key(triplet_key({"192.0.2.7", "", "bob@example.test"}));
  ASSERT_TRUE(triplet);
  EXPECT_EQ(triplet->client, "192.0.2.7");
  EXPECT_EQ(triplet->sender, "");
  EXPECT_EQ(triplet->recipient, "bob@example.test");
  EXPECT_FALSE(parse_triplet_key(client_key("192.0.2.7")));
  EXPECT_EQ(parse_client_key(client_key("192.0.2.7")), "192.0.2.7");
}

}  // namespace
}  // namespace tubepost::greylist
