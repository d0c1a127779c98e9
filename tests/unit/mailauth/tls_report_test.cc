#include "mailauth/tls_report.h"

#include <gtest/gtest.h>

namespace tubepost::mailauth {
namespace {

TEST(TlsReport, NamesWhereReportsGo) {
  const auto report = parse_tls_report("v=TLSRPTv1; rua=mailto:a@example.net,HTTPS://example.net/r;");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->uris, (std::vector<std::string>{"mailto:a@example.net", "HTTPS://example.net/r"}));
  EXPECT_TRUE(report->strange.empty());
}

TEST(TlsReport, PassesOverWhatItDoesNotKnow) {
  const auto report = parse_tls_report("v=TLSRPTv1; rua=ftp://example.net, mailto:<x>, mailto:a@example.net");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->uris, (std::vector<std::string>{"mailto:a@example.net"}));
  EXPECT_EQ(report->strange, (std::vector<std::string>{"ftp://example.net", "mailto:<x>"}));
}

TEST(TlsReport, IsTheOneRecordOfItsKind) {
  const std::vector<dns::Text> one{
      {"v=spf1 -all"}, {"v=TLSRPTv1; rua=mailto:a@b.test"}, {"v=TLSRPTv10; rua="}};
  EXPECT_EQ(**find_tls_report(one), one[1].text);
  EXPECT_FALSE(*find_tls_report({{"v=spf1 -all"}}));
  EXPECT_FALSE(find_tls_report({one[1], one[1]}));
}

TEST(TlsReport, RefusesWhatNamesNobody) {
  EXPECT_FALSE(parse_tls_report("v=TLSRPTv1"));
  EXPECT_FALSE(parse_tls_report("v=TLSRPTv1; rua="));
  EXPECT_FALSE(parse_tls_report("v=TLSRPTv1; rua=a@example.net"));
  EXPECT_FALSE(parse_tls_report("v=TLSRPTv2; rua=mailto:a@example.net"));
  EXPECT_FALSE(parse_tls_report("rua=mailto:a@example.net; v=TLSRPTv1"));
}

}  // namespace
}  // namespace tubepost::mailauth
