#include "mailauth/caa.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::mailauth {
namespace {

using test_support::FakeResolver;

TEST(Caa, StandsAtTheNameOrAboveIt) {
  FakeResolver dns;
  dns.add("example.net", dns::Type::caa, dns::Caa{0, "issue", "letsencrypt.org; validationmethods=dns-01"});
  const auto policy = find_caa(dns, "mx.example.net");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->domain, "example.net");
  EXPECT_EQ(policy->issuers, std::vector<std::string>{"letsencrypt.org"});
  EXPECT_FALSE(policy->nobody_may_issue());
}

TEST(Caa, MissingLetsEverybodyIssue) {
  FakeResolver dns;
  const auto policy = find_caa(dns, "mx.example.net");
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->domain.empty());
  EXPECT_FALSE(policy->nobody_may_issue());
}

TEST(Caa, WithoutAnIssuerLetsNobody) {
  EXPECT_TRUE(read_caa("a.test", {{0, "issue", ";"}}).nobody_may_issue());
  EXPECT_FALSE(read_caa("a.test", {{0, "issue", ";"}, {0, "issue", "ca.example"}}).nobody_may_issue());
}

TEST(Caa, WithAnUnknownCriticalPropertyLetsNobody) {
  EXPECT_TRUE(read_caa("a.test", {{128, "future", "x"}}).nobody_may_issue());
  EXPECT_FALSE(read_caa("a.test", {{0, "future", "x"}}).nobody_may_issue());
  EXPECT_FALSE(read_caa("a.test", {{128, "iodef", "mailto:a@a.test"}}).nobody_may_issue());
}

TEST(Caa, IsTemporaryTroubleWhereServersCannotSay) {
  FakeResolver dns;
  dns.fail("mx.example.net", dns::Kind::servfail);
  EXPECT_EQ(find_caa(dns, "mx.example.net").error().retry, Retry::later);
}

}  // namespace
}  // namespace tubepost::mailauth
