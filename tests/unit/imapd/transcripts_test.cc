// The dialogues of tests/transcripts/imapd. A file that begins with "clear-" is spoken without TLS by a
// stranger, one with "login-" by a stranger under TLS, all others by bob, who is logged in. He has three
// messages: a plain one, a multipart with a base64 part, and one with a long line and no line end.
#include "support/transcript.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

constexpr const char* plain =
    "From: Ann <ann@example.test>\r\nTo: bob@example.test\r\nSubject: first\r\nMessage-ID: "
    "<1@example.test>\r\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nHello Bob\r\n";
constexpr const char* multipart =
    "From: Zoe <zoe@example.test>\r\nTo: bob@example.test\r\nSubject: Re: first\r\nMessage-ID: "
    "<2@example.test>\r\n"
    "In-Reply-To: <1@example.test>\r\nDate: Tue, 8 Feb 1994 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\ntext part\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\nR3LDvMOfZQ==\r\n"
    "--b--\r\n";
constexpr const char* last = "From: carl@example.test\r\nSubject: no end\r\n\r\nno line end";

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  Service service;
  service.deliver("one", plain);
  service.deliver("two", multipart);
  service.deliver("three", last);
  const auto name = test_support::name_of_transcript(GetParam());
  const auto client = name.starts_with("clear_")   ? Service::stranger(false)
                      : name.starts_with("login_") ? Service::stranger()
                                                   : Service::bobs();
  test_support::TranscriptOptions options;
  options.variables["VALIDITY"] = std::to_string(service.store.status(service.bob).uid_validity);
  EXPECT_EQ("", test_support::run_transcript(
                    GetParam(), [&](net::Stream& stream) { service.serve(stream, client); }, options));
}

INSTANTIATE_TEST_SUITE_P(Imapd, Transcripts, testing::ValuesIn(test_support::transcripts_in("imapd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

}  // namespace
}  // namespace tubepost::imapd::test
