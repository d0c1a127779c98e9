#include "mxsend/tls_count.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/text.h"
#include "relay/tls_sessions.h"
#include "support/fake_resolver.h"
#include "support/temporary_folder.h"

namespace tubepost::mxsend {
namespace {

using mailauth::Published;

class TlsCount : public testing::Test {
protected:
  TlsCount() { options_.tls_counts_folder = folder_ / "counts"; }
  Courier::Parts parts() { return {options_, routes_, contexts_, watch_, clock_, logger_, admission_}; }
  // "POLICY RESULT REASON | policy text", a line each.
  std::vector<std::string> counted() const {
    std::vector<std::string> all;
    const auto text =
        read_file(options_.tls_counts_folder + '/' + relay::day_text(clock_.now())).value_or("");
    for (const auto line : split(text, '\n'))
      if (const auto session = relay::parse_tls_session(line))
        all.push_back(session->policy + ' ' + session->result + ' ' + session->reason + " | " +
                      join(session->policy_text, "; "));
    return all;
  }
  void fails(const Peer& peer, const std::string& trouble) {
    Setback setback{relay::Trouble::tls,
                    Failure::temporary("TLS is demanded (" + peer.policy.why + "): " + trouble), 0,
                    "mx.x.test"};
    setback.tls_trouble = trouble;
    count_session(parts(), "x.test", peer, setback);
  }

  const test_support::TemporaryFolder folder_;
  Options options_;
  test_support::FakeResolver resolver_;
  Routes routes_{options_, resolver_, nullptr};
  TlsContexts contexts_{""};
  Watch watch_;
  ManualClock clock_;
  Admission admission_{clock_};
  log::Logger logger_{"mxsend", log::Level::error, log::Format::logfmt, -1};
};

// Names are of strangers, and may have any words in them.
TEST_F(TlsCount, TheResultIsThatOfTheTroubleAndNotOfTheNamesBesideIt) {
  Peer peer;
  peer.policy.why = "DANE: 1 TLSA records of _25._tcp.mismatch.expired.test";
  peer.policy.published = Published{"tlsa", {"3 1 1 ab"}, {}};
  fails(peer, "TLS handshake: No matching DANE TLSA records");
  fails(peer, "TLS handshake: certificate has expired");
  EXPECT_EQ(counted(), (std::vector<std::string>{
                           "tlsa validation-failure TLS handshake: No matching DANE TLSA records | 3 1 1 ab",
                           "tlsa certificate-expired TLS handshake: certificate has expired | 3 1 1 ab"}));
}

TEST_F(TlsCount, APolicyThatCouldNotBeHadHasNoTextAndLeastOfAllThatOfAnother) {
  Peer peer;
  peer.policy.published = Published{"tlsa", {"3 1 1 ab"}, "sts-policy-fetch-error"};
  fails(peer, "it does not offer STARTTLS");
  EXPECT_EQ(counted(),
            (std::vector<std::string>{"tlsa starttls-not-supported it does not offer STARTTLS | 3 1 1 ab",
                                      "sts sts-policy-fetch-error  | "}));
}

TEST_F(TlsCount, AHostThatMayNotBeTriedIsCountedWithItsPolicy) {
  Setback passed{relay::Trouble::tls, Failure::temporary("MTA-STS: not named"), 0, "mx.x.test"};
  passed.published = Published{"sts", {"mode: enforce"}, {}};
  count_passed_over(parts(), "x.test", passed);
  passed.published = Published{"tlsa", {}, {}};
  count_passed_over(parts(), "x.test", passed);
  EXPECT_EQ(counted(), (std::vector<std::string>{"sts validation-failure MTA-STS: not named | mode: enforce",
                                                 "tlsa dnssec-invalid MTA-STS: not named | "}));
}

}  // namespace
}  // namespace tubepost::mxsend
