// The dialogues of tests/transcripts/smtpd. The file's name begins with the role: mx-, lmtp-, submission- (under TLS), clear-
// (submission before TLS) or xclient- (mx, from a host that may speak for others).
#include "support/transcript.h"
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  const auto name = test_support::name_of_transcript(GetParam());
  const bool submission = name.starts_with("submission_") || name.starts_with("clear_");
  Arguments arguments;
  if (name.starts_with("xclient_"))
    arguments = {{"smtpd.xclient-hosts", "192.0.2.7"}, {"smtpd.blocked", "203.0.113.0/24"}};
  Service service(submission ? Role::submission : name.starts_with("lmtp_") ? Role::lmtp : Role::mx, arguments);
  const auto client = name.starts_with("submission_") ? Service::under_tls() : Service::stranger();
  EXPECT_EQ("", test_support::run_transcript(GetParam(), [&](net::Stream& stream) { service.serve(stream, client); }));
}

INSTANTIATE_TEST_SUITE_P(Smtpd, Transcripts, testing::ValuesIn(test_support::transcripts_in("smtpd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

}  // namespace
}  // namespace tubepost::smtpd::test
