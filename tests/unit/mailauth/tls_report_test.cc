#include "mailauth/tls_report.h"

#include <gtest/gtest.h>

namespace tubepost::mailauth {
namespace {

TEST(TlsReport, NamesWhereReportsGo) {
  const auto uris = parse_tls_report("v=TLSRPTv1; rua=mailto:a@example.net,https://example.net/r;");
  ASSERT_TRUE(uris);
  EXPECT_EQ(*uris, (std::vector<std::string>{"mailto:a@example.net", "https://example.net/r"}));
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
