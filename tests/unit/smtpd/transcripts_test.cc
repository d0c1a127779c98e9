// The dialogues of tests/transcripts/smtpd. The file's name begins with the role: mx-, submission- (under TLS) or clear-
// (submission before TLS).
#include "support/transcript.h"
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  const auto name = test_support::name_of_transcript(GetParam());
  Service service(name.starts_with("mx_") ? Role::mx : Role::submission);
  const auto client = name.starts_with("submission_") ? Service::under_tls() : Service::stranger();
  EXPECT_EQ("", test_support::run_transcript(GetParam(), [&](net::Stream& stream) { service.serve(stream, client); }));
}

INSTANTIATE_TEST_SUITE_P(Smtpd, Transcripts, testing::ValuesIn(test_support::transcripts_in("smtpd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

}  // namespace
}  // namespace tubepost::smtpd::test
