// The whole of check_host() is held against the test suite of RFC 7208 in tests/scenarios; here what a reader of
// spf.h wants to know.
#include "mailauth/spf.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::mailauth {
namespace {

class Spf : public testing::Test {
protected:
  Spf() { dns.add("mx.example.net", "192.0.2.7").add("example.net", dns::Mx{10, "mx.example.net"}); }
  void publish(const std::string& text, const std::string& domain = "example.net") {
    dns.add(domain, dns::Text{text});
  }
  SpfVerdict check(const char* client, const std::string& domain = "example.net") {
    return check_host(dns, {*net::IpAddress::parse(client), domain, "joe@" + domain, "mx.example.net"});
  }
  SpfSurvey survey(const std::string& domain = "example.net") {
    return survey_spf(dns, domain, *net::IpAddress::parse("192.0.2.7"));
  }
  test_support::FakeResolver dns;
};

TEST_F(Spf, SaysWhichMechanismDecided) {
  publish("v=spf1 ip4:198.51.100.0/24 mx -all");
  const auto pass = check("192.0.2.7"), fail = check("192.0.2.8");
  EXPECT_EQ(pass.result, SpfResult::pass);
  EXPECT_EQ(pass.why, "mx");
  EXPECT_EQ(fail.result, SpfResult::fail);
  EXPECT_EQ(fail.why, "-all");
}

TEST_F(Spf, IsNoneWithoutARecordAndAnErrorWithTwo) {
  EXPECT_EQ(check("192.0.2.7").result, SpfResult::none);
  publish("v=spf1 -all"), publish("v=spf1 ?all");
  EXPECT_EQ(check("192.0.2.7").result, SpfResult::permerror);
}

TEST_F(Spf, GivesTheExplanationOfTheDomain) {
  publish("v=spf1 -all exp=why.%{d}");
  dns.add("why.example.net", dns::Text{"%{i} is not one of %{d}'s"});
  EXPECT_EQ(check("192.0.2.8").explanation, "192.0.2.8 is not one of example.net's");
}

TEST_F(Spf, TakesTenLookUpsAndNotEleven) {
  std::string includes = "v=spf1";
  for (int i = 0; i < 10; ++i) {
    includes += " include:i" + std::to_string(i) + ".test";
    publish("v=spf1 ip4:198.51.100.1", "i" + std::to_string(i) + ".test");
  }
  publish(includes + " -all");
  publish(includes + " mx -all", "eleven.test");
  EXPECT_EQ(check("192.0.2.8").result, SpfResult::fail);
  EXPECT_EQ(check("192.0.2.8", "eleven.test").result, SpfResult::permerror);
  EXPECT_EQ(survey().lookups, 10);
  EXPECT_EQ(survey("eleven.test").lookups, 11);
  EXPECT_EQ(survey("eleven.test").all, '-');
}

TEST_F(Spf, TakesTwoLookUpsThatFindNothingAndNotThree) {
  publish("v=spf1 a:one.test a:two.test -all");
  publish("v=spf1 a:one.test a:two.test a:three.test -all", "three.example");
  EXPECT_EQ(check("192.0.2.8").result, SpfResult::fail);
  EXPECT_EQ(check("192.0.2.8", "three.example").result, SpfResult::permerror);
  EXPECT_EQ(survey("three.example").void_lookups, 3);
}

TEST_F(Spf, LooksUpTheNamesOfAClientOnceHoweverOftenARecordNamesThem) {
  std::string many = "v=spf1 exists:";
  for (int i = 0; i < 100; ++i) many += "%{p}.";
  publish(many + "example.net exists:%{p}.example.net -all");
  EXPECT_EQ(check("192.0.2.8").result, SpfResult::fail);
  const auto is_reverse = [](const auto& query) { return query.second == dns::Type::ptr; };
  EXPECT_EQ(std::count_if(dns.queries.begin(), dns.queries.end(), is_reverse), 1);
}

TEST_F(Spf, EndsWhereRecordsIncludeOneAnother) {
  publish("v=spf1 include:other.test"), publish("v=spf1 include:example.net", "other.test");
  EXPECT_EQ(check("192.0.2.8").result, SpfResult::permerror);
  EXPECT_EQ(survey().result, SpfResult::permerror);
}

TEST_F(Spf, SurveyGoesBehindWhatWouldMatch) {
  publish("v=spf1 +mx include:missing.test ~all");
  const auto found = survey();
  EXPECT_TRUE(found.exists);
  EXPECT_EQ(found.result, SpfResult::permerror);
  EXPECT_NE(found.why.find("missing.test"), std::string::npos);
}

TEST_F(Spf, IsTemporaryTroubleWhereServersCannotSay) {
  publish("v=spf1 a:dead.test -all");
  dns.fail("dead.test", dns::Kind::timeout);
  EXPECT_EQ(check("192.0.2.8").result, SpfResult::temperror);
}

}  // namespace
}  // namespace tubepost::mailauth
