#include "mailauth/tls_policy.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/fake_resolver.h"

namespace tubepost::mailauth {
namespace {

using test_support::FakeResolver;
using Level = TlsPolicy::Level;

// x.test has one host, mx.y.test.
class TlsPolicyTest : public testing::Test {
protected:
  TlsPolicyTest() {
    dns_.add("x.test", dns::Mx{10, "mx.y.test"}).add("mx.y.test", "192.0.2.1");
    sts_.mode = StsPolicy::Mode::enforce;
    sts_.mx = {"mx.y.test"};
  }
  void publish_tlsa(const std::string& name = "_25._tcp.mx.y.test") {
    dns_.add(name, dns::Tlsa{3, 1, 1, std::string(32, 'h')});
  }
  Result<TlsPolicy> policy(bool with_sts = false, TlsWishes wishes = {}) {
    const auto hosts = dns::find_mail_hosts(dns_, "x.test", {});
    return policy_for(dns_, "x.test", *hosts, hosts->hosts.at(0), 25,
                      with_sts ? std::optional(sts_) : std::nullopt, wishes);
  }
  FakeResolver dns_;
  StsPolicy sts_;
};

TEST_F(TlsPolicyTest, IsOpportunisticWhereNobodySaysMore) {
  const auto it = policy();
  EXPECT_EQ(it->level, Level::may);
  EXPECT_TRUE(it->demands.names.empty());
}

// RFC 8460 4.4, 4.5
TEST_F(TlsPolicyTest, SaysWhatWasPublishedForReports) {
  const auto published = [&](bool with_sts, TlsWishes wishes = {}) {
    const auto it = policy(with_sts, wishes);
    return it && it->published ? it->published->type + ": " + join(it->published->text, "; ") : "not counted";
  };
  sts_.lines = {"version: STSv1", "mx: mx.y.test"};
  EXPECT_EQ(published(false), ": ");
  EXPECT_EQ(published(true), "sts: version: STSv1; mx: mx.y.test");
  EXPECT_EQ(published(true, {false, true}), "not counted") << "the sender's own word";
  sts_.mode = StsPolicy::Mode::testing;
  EXPECT_EQ(published(true), "sts: version: STSv1; mx: mx.y.test");
  dns_.sign("x.test").sign("y.test");
  EXPECT_EQ(published(false, {true, false}), ": ") << "REQUIRETLS is the sender's";
  publish_tlsa();
  dns_.sign("x.test").sign("y.test");
  EXPECT_EQ(published(false).substr(0, 14), "tlsa: 3 1 1 68") << published(false);
}

TEST_F(TlsPolicyTest, IsDaneWhereAllAnswersAreAuthenticated) {
  publish_tlsa();
  dns_.sign("x.test").sign("y.test");
  const auto it = policy();
  EXPECT_EQ(it->level, Level::dane);
  EXPECT_EQ(it->demands.names, (std::vector<std::string>{"mx.y.test", "x.test"}));
  EXPECT_EQ(it->demands.tlsa.size(), 1u);
}

TEST_F(TlsPolicyTest, IsNotDaneWhereTheMxAnswerIsNotAuthenticated) {
  publish_tlsa();
  dns_.sign("y.test");
  EXPECT_EQ(policy()->level, Level::may);
}

TEST_F(TlsPolicyTest, IsNotDaneWhereTheTlsaAnswerIsNotAuthenticated) {
  publish_tlsa();
  dns_.sign("x.test");
  EXPECT_EQ(policy()->level, Level::may);
}

TEST_F(TlsPolicyTest, KeepsFromAHostWhoseTlsaCannotBeLookedUp) {
  dns_.sign("x.test").sign("y.test").fail("_25._tcp.mx.y.test", dns::Kind::servfail);
  const auto it = policy();
  ASSERT_FALSE(it);
  EXPECT_EQ(it.error().retry, Retry::later);
}

TEST_F(TlsPolicyTest, LooksForTlsaBehindAliasesFirst) {
  dns_.alias("mx.y.test", "real.y.test").add("real.y.test", "192.0.2.1");
  publish_tlsa("_25._tcp.real.y.test");
  dns_.sign("x.test").sign("y.test");
  EXPECT_EQ(policy()->demands.names.front(), "real.y.test");
}

TEST_F(TlsPolicyTest, IsAnAuthoritysWhereMtaStsSaysSo) {
  const auto it = policy(true);
  EXPECT_EQ(it->level, Level::authority);
  EXPECT_EQ(it->demands.names, std::vector<std::string>{"mx.y.test"});
}

TEST_F(TlsPolicyTest, KeepsFromHostsThatMtaStsDoesNotName) {
  sts_.mx = {"other.y.test"};
  EXPECT_FALSE(policy(true));
  sts_.mode = StsPolicy::Mode::testing;
  const auto tested = policy(true);
  EXPECT_EQ(tested->level, Level::may);
  EXPECT_TRUE(tested->tested_names.empty());
  EXPECT_EQ(tested->published->problem, "validation-failure");
}

// RFC 8461 5
TEST_F(TlsPolicyTest, LooksAtACertificateAndDemandsNothingWhereAPolicyIsTested) {
  sts_.mode = StsPolicy::Mode::testing;
  const auto tested = policy(true);
  EXPECT_EQ(tested->level, Level::may);
  EXPECT_TRUE(tested->demands.names.empty());
  EXPECT_EQ(tested->tested_names, std::vector<std::string>{"mx.y.test"});
  EXPECT_EQ(tested->published->problem, "");
}

TEST_F(TlsPolicyTest, PutsDaneBeforeMtaSts) {
  publish_tlsa();
  dns_.sign("x.test").sign("y.test");
  EXPECT_EQ(policy(true)->level, Level::dane);
}

TEST_F(TlsPolicyTest, NeedsSomebodyWhoVouchesForRequireTls) {
  const auto refused = policy(false, {true, false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, (EnhancedStatus{5, 7, 30}));
  dns_.sign("x.test");
  EXPECT_EQ(policy(false, {true, false})->level, Level::authority);
}

TEST_F(TlsPolicyTest, YieldsToASenderWhoWouldRatherHaveItSent) {
  EXPECT_EQ(policy(true, {false, true})->level, Level::may);
  EXPECT_EQ(policy(true, {true, true})->level, Level::authority) << "REQUIRETLS comes first";
}

TEST(TlsOptional, IsSaidByAField) {
  EXPECT_TRUE(says_tls_optional("TLS-Required: No\r\n\r\n"));
  EXPECT_FALSE(says_tls_optional("TLS-Required: Yes\r\n\r\n"));
  EXPECT_FALSE(says_tls_optional("X: y\r\n\r\nTLS-Required: No\r\n"));
}

}  // namespace
}  // namespace tubepost::mailauth
