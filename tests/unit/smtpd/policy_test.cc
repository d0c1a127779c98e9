// Spec A1-A5, L7, S1: who is turned away, who may relay, and by which rule.
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

struct RelayCase {
  Role role;
  Arguments settings;
  const char* client;
  bool authenticated;
  bool relays;
  bool authentication_helps;
  const char* reason;
};

void PrintTo(const RelayCase& each, std::ostream* out) { *out << each.reason; }

class MayRelay : public testing::TestWithParam<RelayCase> {};

TEST_P(MayRelay, IsDecidedByTheRules) {
  const auto& [role, settings, client, authenticated, relays, helps, reason] = GetParam();
  const auto policy = policy_of(role, settings);
  ASSERT_TRUE(policy) << policy.error().text;
  const auto verdict = (*policy)->may_relay(net::IpAddress::parse(client), authenticated);
  EXPECT_EQ(verdict.yes, relays) << reason << ": " << verdict.rule;
  EXPECT_EQ(verdict.authentication_would_help, helps) << reason;
}

const Arguments off = {{"submission.authentication", "off"}};
const Arguments ranges_alone = {{"submission.authentication", "off"}, {"submission.ranges", "192.0.2.0/24"}};
const Arguments both = {{"submission.ranges", "192.0.2.0/24"}};
const Arguments combined = {{"smtpd.listen", "127.0.0.1:25"}, {"submission.listen", "127.0.0.1:25"}};
const Arguments trusted = {{"smtpd.trusted", "192.0.2.7"}};

INSTANTIATE_TEST_SUITE_P(
    Policy, MayRelay,
    testing::Values(
        RelayCase{Role::mx, {}, "192.0.2.7", false, false, false, "A1: nobody relays through the MX"},
        RelayCase{Role::mx, {}, "192.0.2.7", true, false, false, "A1: the MX has no logins"},
        RelayCase{Role::mx, trusted, "192.0.2.7", false, true, false, "A4: trusted overrules"},
        RelayCase{Role::mx, trusted, "192.0.2.8", false, false, false, "A4: trusted is an exact list"},
        RelayCase{Role::mx, {}, "", false, false, false, "an unknown client is not trusted"},
        RelayCase{Role::mx, combined, "192.0.2.7", false, false, true, "L7: on one port, logging in would help"},
        RelayCase{Role::mx, combined, "192.0.2.7", true, true, false, "L7: and helps"},
        RelayCase{Role::submission, {}, "192.0.2.7", false, false, true, "A2: authentication is on by default"},
        RelayCase{Role::submission, {}, "192.0.2.7", true, true, false, "A2: and admits alone"},
        RelayCase{Role::submission, off, "192.0.2.7", false, false, false, "A2: both off admits nobody"},
        RelayCase{Role::submission, off, "192.0.2.7", true, false, false, "A2: both off, whoever it is"},
        RelayCase{Role::submission, ranges_alone, "192.0.2.7", false, true, false, "A2: ranges admit alone"},
        RelayCase{Role::submission, ranges_alone, "198.51.100.1", false, false, false, "A2: outside the ranges"},
        RelayCase{Role::submission, both, "192.0.2.7", false, false, true, "A2: both must hold, no login"},
        RelayCase{Role::submission, both, "198.51.100.1", true, false, false, "A2: both must hold, wrong address"},
        RelayCase{Role::submission, both, "192.0.2.7", true, true, false, "A2: both hold"},
        RelayCase{Role::submission, {{"submission.trust-own-addresses", "yes"}}, "127.0.0.1", false, true, false,
                  "A5: own addresses are safe if so set"},
        RelayCase{Role::local, {}, "", false, true, false, "role local: a program of this machine"}));

struct GateCase {
  Role role;
  Arguments settings;
  const char* client;
  bool turned_away;
  const char* reason;
};

void PrintTo(const GateCase& each, std::ostream* out) { *out << each.reason; }

class Gate : public testing::TestWithParam<GateCase> {};

TEST_P(Gate, TurnsAwayByTheOrderOfA5) {
  const auto& [role, settings, client, turned_away, reason] = GetParam();
  const auto policy = policy_of(role, settings);
  ASSERT_TRUE(policy) << policy.error().text;
  const auto verdict = (*policy)->is_turned_away(net::IpAddress::parse(client));
  EXPECT_EQ(verdict.yes, turned_away) << reason << ": " << verdict.rule;
}

INSTANTIATE_TEST_SUITE_P(
    Policy, Gate,
    testing::Values(
        GateCase{Role::mx, {}, "192.0.2.7", false, "nothing set"},
        GateCase{Role::mx, {{"smtpd.blocked", "192.0.2.0-192.0.2.9"}}, "192.0.2.7", true, "S1"},
        GateCase{Role::mx, {{"smtpd.blocked", "192.0.2.0/24"}, {"smtpd.trusted", "192.0.2.7"}}, "192.0.2.7", false,
                 "A5: safe before blocked"},
        GateCase{Role::submission, both, "198.51.100.1", true, "A2: outside the ranges of a separate port"},
        GateCase{Role::submission, both, "192.0.2.7", false, "A2: inside"},
        GateCase{Role::mx,
                 {{"smtpd.listen", "127.0.0.1:25"}, {"submission.listen", "127.0.0.1:25"}, {"submission.ranges", "192.0.2.0/24"}},
                 "198.51.100.1", false, "L7: not on a combined port"},
        GateCase{Role::submission, {{"submission.block-own-addresses", "yes"}}, "127.0.0.1", true, "A5: block own"},
        GateCase{Role::submission,
                 {{"submission.block-own-addresses", "yes"}, {"submission.trust-own-addresses", "yes"}}, "127.0.0.1", false,
                 "A5: safe before block own"},
        GateCase{Role::mx, {{"submission.block-own-addresses", "yes"}}, "127.0.0.1", false, "A5 concerns submission"}));

}  // namespace
}  // namespace tubepost::smtpd::test
