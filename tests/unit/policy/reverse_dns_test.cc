#include "support/policy_layers.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::policy {
namespace {

using ReverseDnsKind = ReverseVerdict::Kind;

class Reverse : public testing::Test {
protected:
  Reverse() {
    dns_.add_ptr("1.2.0.192.in-addr.arpa", "mx.example.net").add("mx.example.net", "192.0.2.1");
    dns_.add_ptr("2.2.0.192.in-addr.arpa", "forged.example.net").add("forged.example.net", "198.51.100.1");
    dns_.fail("3.2.0.192.in-addr.arpa", dns::Kind::servfail);
    dns_.add_ptr("4.2.0.192.in-addr.arpa", "broken.example.net")
        .fail("broken.example.net", dns::Kind::servfail);
    dns_.add_ptr("6.2.0.192.in-addr.arpa", "no name.at all");
  }
  ReverseVerdict check(const char* client, ReverseNeed need) {
    return reverse_.check(*net::IpAddress::parse(client), need);
  }
  test_support::FakeResolver dns_;
  ManualClock clock_;
  test_support::ReverseDnsAlone reverse_{{{}, clock_}, dns_};
};

TEST_F(Reverse, IsJudgedAsTheSettingSays) {
  const struct {
    const char* client;
    ReverseNeed need;
    ReverseDnsKind kind;
    const char* text;
  } cases[] = {
      {"192.0.2.1", ReverseNeed::exists, ReverseDnsKind::passed, ""},
      {"192.0.2.1", ReverseNeed::confirmed, ReverseDnsKind::passed, ""},
      {"192.0.2.2", ReverseNeed::exists, ReverseDnsKind::passed, ""},
      {"192.0.2.2", ReverseNeed::confirmed, ReverseDnsKind::refused, "no reverse name of 192.0.2.2 leads back to it"},
      {"192.0.2.3", ReverseNeed::exists, ReverseDnsKind::deferred,
       "the reverse name of 192.0.2.3 cannot be looked up now"},
      {"192.0.2.4", ReverseNeed::exists, ReverseDnsKind::passed, ""},
      {"192.0.2.4", ReverseNeed::confirmed, ReverseDnsKind::deferred,
       "the reverse name of 192.0.2.4 cannot be looked up now"},
      {"192.0.2.5", ReverseNeed::exists, ReverseDnsKind::refused, "192.0.2.5 has no reverse name"},
      {"192.0.2.6", ReverseNeed::exists, ReverseDnsKind::passed, ""},
      {"192.0.2.6", ReverseNeed::confirmed, ReverseDnsKind::refused, "no reverse name of 192.0.2.6 leads back to it"},
      {"2001:db8::5", ReverseNeed::confirmed, ReverseDnsKind::refused, "2001:db8::5 has no reverse name"},
  };
  for (const auto& one : cases) {
    const auto verdict = check(one.client, one.need);
    EXPECT_EQ(verdict.kind, one.kind) << one.client;
    EXPECT_EQ(verdict.text, one.text) << one.client;
  }
}

TEST_F(Reverse, OffAsksNobody) {
  EXPECT_EQ(check("192.0.2.5", ReverseNeed::off).kind, ReverseDnsKind::passed);
  EXPECT_TRUE(dns_.queries.empty());
}

TEST_F(Reverse, ItsInputsAreForTheTrace) {
  const auto verdict = check("192.0.2.1", ReverseNeed::confirmed);
  EXPECT_EQ(verdict.name, "mx.example.net");
  EXPECT_EQ(verdict.inputs, "PTR 1.2.0.192.in-addr.arpa: mx.example.net (confirmed)");
  EXPECT_EQ(check("192.0.2.3", ReverseNeed::exists).inputs, "PTR 3.2.0.192.in-addr.arpa: the DNS servers cannot say");
}

TEST_F(Reverse, AnswersAreRememberedFailuresNotForLong) {
  check("192.0.2.1", ReverseNeed::confirmed);
  check("192.0.2.3", ReverseNeed::confirmed);
  const auto before = dns_.queries.size();
  EXPECT_NE(check("192.0.2.1", ReverseNeed::exists).inputs.find("cached"), std::string::npos);
  EXPECT_EQ(dns_.queries.size(), before);
  clock_.advance(std::chrono::seconds(10));
  check("192.0.2.1", ReverseNeed::confirmed);
  EXPECT_EQ(dns_.queries.size(), before);
  check("192.0.2.3", ReverseNeed::confirmed);
  EXPECT_GT(dns_.queries.size(), before);
}

}  // namespace
}  // namespace tubepost::policy
