#include "dns/mx.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::dns {
namespace {

using test_support::FakeResolver;

void keep_order(std::vector<Mx>&) {}
void reverse_order(std::vector<Mx>& equals) { std::reverse(equals.begin(), equals.end()); }

std::vector<std::string> names(const Result<MailHosts>& hosts) {
  std::vector<std::string> all;
  if (!hosts) return {to_string(hosts.error().status)};
  for (const auto& host : hosts->hosts) all.push_back(host.name);
  return all;
}

class MailHostsOf : public testing::Test {
protected:
  MailHostsOf() {
    for (const char* host : {"a.test", "b.test", "c.test", "me.test"}) dns_.add(host, "192.0.2.1");
  }
  std::vector<std::string> find(const std::string& domain, const Shuffle& shuffle = keep_order) {
    return names(find_mail_hosts(dns_, domain, {"me.test", {}}, shuffle));
  }
  using Names = std::vector<std::string>;
  FakeResolver dns_;
};

TEST_F(MailHostsOf, AreOrderedByPreference) {
  dns_.add("x.test", Mx{20, "b.test"}).add("x.test", Mx{10, "a.test"}).add("x.test", Mx{30, "c.test"});
  EXPECT_EQ(find("x.test"), (Names{"a.test", "b.test", "c.test"}));
}

TEST_F(MailHostsOf, AreShuffledWithinOnePreference) {
  dns_.add("x.test", Mx{10, "a.test"}).add("x.test", Mx{10, "b.test"}).add("x.test", Mx{20, "c.test"});
  EXPECT_EQ(find("x.test", reverse_order), (Names{"b.test", "a.test", "c.test"}));
}

TEST_F(MailHostsOf, WithoutMxAreTheDomainItself) {
  EXPECT_EQ(find("a.test"), Names{"a.test"});
  EXPECT_FALSE(find_mail_hosts(dns_, "a.test", {}, keep_order)->from_mx);
}

TEST_F(MailHostsOf, ANullMxAreNone) {
  dns_.add("x.test", Mx{0, "."}).add("x.test", "192.0.2.9");
  EXPECT_EQ(find("x.test"), Names{"5.1.10"});
}

TEST_F(MailHostsOf, OfASecondaryWaitForTheDnsToSayWhereTheFirstIs) {
  dns_.add("x.test", Mx{10, "first.test"})
      .add("x.test", Mx{20, "me.test"})
      .fail("first.test", Kind::servfail);
  EXPECT_EQ(find("x.test"), Names{"4.4.3"});
  dns_.add("y.test", Mx{10, "me.test"}).add("y.test", Mx{10, "first.test"});
  EXPECT_EQ(find("y.test"), Names{"5.4.6"}) << "one that is not better says nothing";
}

TEST_F(MailHostsOf, NoDomainIsPermanent) { EXPECT_EQ(find("nowhere.test"), Names{"5.1.2"}); }

TEST_F(MailHostsOf, ServerTroubleIsTemporary) {
  for (const auto kind : {Kind::servfail, Kind::timeout, Kind::unreachable}) {
    dns_.fail("x.test", kind);
    EXPECT_EQ(find("x.test"), Names{"4.4.3"});
  }
}

TEST_F(MailHostsOf, AnMxWithoutAddressIsPassedOver) {
  dns_.add("x.test", Mx{10, "gone.test"}).add("x.test", Mx{20, "a.test"});
  EXPECT_EQ(find("x.test"), Names{"a.test"});
}

TEST_F(MailHostsOf, AllWithoutAddressIsPermanentUnlessAServerCouldNotSay) {
  dns_.add("x.test", Mx{10, "gone.test"});
  EXPECT_EQ(find("x.test"), Names{"5.1.2"});
  dns_.add("x.test", Mx{20, "broken.test"}).fail("broken.test", Kind::servfail);
  EXPECT_EQ(find("x.test"), Names{"4.4.3"});
}

TEST_F(MailHostsOf, DropThisHostAndAllThatAreNoBetter) {
  dns_.add("x.test", Mx{10, "a.test"})
      .add("x.test", Mx{20, "b.test"})
      .add("x.test", Mx{20, "ME.test"})
      .add("x.test", Mx{30, "c.test"});
  EXPECT_EQ(find("x.test"), Names{"a.test"});
}

TEST_F(MailHostsOf, AreNoneWhereThisHostIsTheBest) {
  dns_.add("x.test", Mx{10, "me.test"}).add("x.test", Mx{20, "a.test"});
  EXPECT_EQ(find("x.test"), Names{"5.4.6"});
  EXPECT_EQ(find("me.test"), Names{"5.4.6"});
}

TEST_F(MailHostsOf, KnowThisHostByItsAddress) {
  dns_.add("x.test", Mx{10, "a.test"}).add("x.test", Mx{20, "alias.test"}).add("alias.test", "192.0.2.77");
  const OwnHost own{"", [](const net::IpAddress& ip) { return ip.to_text() == "192.0.2.77"; }};
  EXPECT_EQ(names(find_mail_hosts(dns_, "x.test", own, keep_order)), Names{"a.test"});
}

TEST_F(MailHostsOf, OfALiteralAreItsAddress) {
  for (const char* literal : {"[192.0.2.5]", "[IPv6:2001:db8::5]"}) {
    const auto hosts = find_mail_hosts(dns_, literal, {}, keep_order);
    ASSERT_TRUE(hosts) << literal;
    EXPECT_EQ(hosts->hosts.at(0).addresses.all.at(0).to_smtp_literal(), literal);
  }
  EXPECT_TRUE(dns_.queries.empty());
}

TEST_F(MailHostsOf, AreLimitedInNumber) {
  for (int i = 0; i < 100; ++i) dns_.add("x.test", Mx{10, "h" + std::to_string(i) + ".test"});
  for (int i = 0; i < 100; ++i) dns_.add("h" + std::to_string(i) + ".test", "192.0.2.1");
  EXPECT_EQ(find("x.test").size(), mail_hosts_max);
}

TEST_F(MailHostsOf, AreAuthenticatedWhereTheAnswerIs) {
  dns_.add("x.test", Mx{10, "a.test"});
  EXPECT_FALSE(find_mail_hosts(dns_, "x.test", {}, keep_order)->authenticated);
  dns_.sign("x.test");
  const auto hosts = find_mail_hosts(dns_, "x.test", {}, keep_order);
  EXPECT_TRUE(hosts->authenticated);
  EXPECT_FALSE(hosts->hosts.at(0).addresses.authenticated);
}

TEST(Addresses, TakeTurnsBetweenTheFamilies) {
  FakeResolver dns;
  dns.add("x.test", "192.0.2.1")
      .add("x.test", "192.0.2.2")
      .add("x.test", "192.0.2.3")
      .add("x.test", "2001:db8::1");
  std::vector<std::string> texts;
  const auto addresses = find_addresses(dns, "x.test");
  for (const auto& ip : addresses->all) texts.push_back(ip.to_text());
  EXPECT_EQ(texts, (std::vector<std::string>{"2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"}));
}

TEST(Addresses, OfOneFamilyAreEnough) {
  FakeResolver dns;
  dns.add("x.test", "192.0.2.1").fail("x.test", Type::aaaa, Kind::servfail);
  EXPECT_EQ(find_addresses(dns, "x.test")->all.size(), 1u);
}

TEST(Addresses, MayBeMissingOnlyForNow) {
  FakeResolver dns;
  dns.add("x.test", Text{"no address"}).fail("x.test", Type::aaaa, Kind::timeout);
  EXPECT_EQ(find_addresses(dns, "x.test").error().status, (EnhancedStatus{4, 4, 3}));
}

TEST(ReverseNames, AreSpelledBackwards) {
  EXPECT_EQ(reverse_name(net::IpAddress::parse("192.0.2.7").value()), "7.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(net::IpAddress::parse("2001:db8::1").value()),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(ReverseNames, AreConfirmedByTheirAddresses) {
  FakeResolver dns;
  dns.add_ptr("1.2.0.192.in-addr.arpa", "good.test").add("good.test", "192.0.2.1");
  dns.add_ptr("1.2.0.192.in-addr.arpa", "liar.test").add("liar.test", "192.0.2.9");
  dns.add_ptr("1.2.0.192.in-addr.arpa", "not a name");
  const auto reverse = find_reverse_names(dns, net::IpAddress::parse("192.0.2.1").value());
  EXPECT_EQ(reverse.names, (std::vector<std::string>{"good.test", "liar.test"}));
  EXPECT_EQ(reverse.confirmed, std::vector<std::string>{"good.test"});
  EXPECT_FALSE(reverse.unsure);
}

TEST(ReverseNames, AreUnsureWhereAServerCannotSay) {
  FakeResolver dns;
  dns.add_ptr("1.2.0.192.in-addr.arpa", "x.test").fail("x.test", Kind::servfail);
  const auto reverse = find_reverse_names(dns, net::IpAddress::parse("192.0.2.1").value());
  EXPECT_TRUE(reverse.confirmed.empty());
  EXPECT_TRUE(reverse.unsure);
  EXPECT_EQ(find_reverse_names(dns, net::IpAddress::parse("192.0.2.2").value()).kind, Kind::nxdomain);
}

}  // namespace
}  // namespace tubepost::dns
