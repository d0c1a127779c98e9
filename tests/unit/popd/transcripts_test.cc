// The dialogues of tests/transcripts/popd. A file that begins with "clear-" is spoken without TLS, all others
// under it. Bob has three messages: one of two lines, one with dots, one without a last line end.
#include "support/transcript.h"
#include "unit/popd/fixture.h"

namespace tubepost::popd::test {
namespace {

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  Service service;
  service.deliver("one", "Subject: one\r\n\r\nfirst\r\nsecond\r\n");
  service.deliver("two", "Subject: two\r\n\r\n.\r\n..\r\nnot.a.dot\r\n");
  service.deliver("three", "Subject: three\r\n\r\nno end");
  const bool clear = test_support::name_of_transcript(GetParam()).starts_with("clear_");
  test_support::TranscriptOptions options;
  options.variables["VALIDITY"] = std::to_string(service.uid_validity());
  EXPECT_EQ("", test_support::run_transcript(
                    GetParam(),
                    [&](net::Stream& stream) { service.serve(stream, Service::stranger(!clear)); }, options));
}

INSTANTIATE_TEST_SUITE_P(Popd, Transcripts, testing::ValuesIn(test_support::transcripts_in("popd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

}  // namespace
}  // namespace tubepost::popd::test
