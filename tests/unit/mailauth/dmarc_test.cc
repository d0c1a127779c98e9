#include "mailauth/dmarc.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::mailauth {
namespace {

using test_support::FakeResolver;
using Policy = DmarcRecord::Policy;

TEST(Dmarc, ReadsAWholeRecord) {
  const auto record = parse_dmarc(
      "v=DMARC1; p=quarantine; sp=Reject; adkim=s; aspf=r; pct=20; rua=mailto:a@example.net!10m, "
      "mailto:b@example.org; ruf=mailto:c@example.net");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, Policy::quarantine);
  EXPECT_EQ(record->subdomain_policy, Policy::reject);
  EXPECT_TRUE(record->strict_dkim);
  EXPECT_FALSE(record->strict_spf);
  EXPECT_EQ(record->percent, 20u);
  EXPECT_EQ(record->aggregate_to, (std::vector<std::string>{"mailto:a@example.net", "mailto:b@example.org"}));
}

TEST(Dmarc, TakesThePolicyForSubdomainsFromTheDomainsOwn) {
  EXPECT_EQ(parse_dmarc("v=DMARC1;p=reject")->subdomain_policy, Policy::reject);
}

TEST(Dmarc, CountsAsNoneWhereOnlyReportsAreAskedFor) {
  const auto record = parse_dmarc("v=DMARC1; p=bogus; rua=mailto:a@example.net");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, Policy::none);
}

struct DmarcRefused {
  const char *text, *why;
};
class DmarcRefuses : public testing::TestWithParam<DmarcRefused> {};
TEST_P(DmarcRefuses, Text) { EXPECT_FALSE(parse_dmarc(GetParam().text)) << GetParam().why; }
INSTANTIATE_TEST_SUITE_P(All, DmarcRefuses,
                         testing::Values(DmarcRefused{"v=DMARC1", "no policy"},
                                         DmarcRefused{"p=none; v=DMARC1", "the version is not first"},
                                         DmarcRefused{"v=dmarc1; p=none", "the version in small letters"},
                                         DmarcRefused{"v=DMARC1; p=no", "no such policy"},
                                         DmarcRefused{"v=DMARC1; p=none; sp=x", "no such policy"},
                                         DmarcRefused{"v=DMARC1; p=none; pct=101", "more than all"},
                                         DmarcRefused{"v=DMARC1; p=none; adkim=x", "neither r nor s"},
                                         DmarcRefused{"v=DMARC1 p=none", "no semicolon"}));

TEST(FindDmarc, GoesUpToADomainThatHasARecord) {
  FakeResolver dns;
  dns.add("_dmarc.example.net", dns::Text{"v=DMARC1; p=none"})
      .add("_dmarc.example.net", dns::Text{"something else"});
  const auto found = find_dmarc(dns, "a.b.example.net");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->domain, "example.net");
  EXPECT_FALSE(*find_dmarc(dns, "example.org"));
}

TEST(FindDmarc, ReachesTheTopOfADeepTreeInSevenQuestions) {
  FakeResolver dns;
  dns.add("_dmarc.example.net", dns::Text{"v=DMARC1; p=none"});
  std::string deep = "example.net";
  for (int i = 0; i < 40; ++i) deep = "a." + deep;
  const auto found = find_dmarc(dns, deep);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->domain, "example.net");
  EXPECT_EQ(dns.queries.size(), 7u);
}

TEST(FindDmarc, RefusesTwoRecordsAndWaitsForServersThatCannotSay) {
  FakeResolver dns;
  dns.add("_dmarc.two.test", dns::Text{"v=DMARC1; p=none"})
      .add("_dmarc.two.test", dns::Text{"v=DMARC1; p=reject"});
  dns.fail("_dmarc.dead.test", dns::Kind::timeout);
  EXPECT_EQ(find_dmarc(dns, "two.test").error().retry, Retry::never);
  EXPECT_EQ(find_dmarc(dns, "dead.test").error().retry, Retry::later);
}

TEST(DmarcReports, GoElsewhereOnlyWhereTheyAreWelcome) {
  FakeResolver dns;
  dns.add("example.net._report._dmarc.watch.test", dns::Text{"v=DMARC1"});
  EXPECT_TRUE(*takes_reports_of(dns, "watch.test", "example.net"));
  EXPECT_FALSE(*takes_reports_of(dns, "other.test", "example.net"));
  EXPECT_TRUE(*takes_reports_of(dns, "example.net", "sub.example.net"));
  EXPECT_EQ(report_domain("mailto:a@Example.NET!10m"), "example.net");
  EXPECT_FALSE(report_domain("https://example.net/"));
}

}  // namespace
}  // namespace tubepost::mailauth
