// kick with a server that says what tests/transcripts/kick/*.chat have. J: is "etrn DOMAIN" or "trigger DOMAIN", R: what it says.
#include <gtest/gtest.h>

#include "kick/client.h"
#include "support/transcript.h"

namespace tubepost::kick {
namespace {

using namespace test_support;

std::string words_of(const Answer& answer) {
  return std::string(answer.accepted ? "ok" : answer.supported ? "refused" : "unsupported") + ' ' + answer.text;
}

std::vector<std::string> ask(std::uint16_t port, const std::vector<std::string>& job) {
  const auto blank = job.at(0).find(' ');
  const std::string domain = job[0].substr(blank + 1);
  auto stream = connect("127.0.0.1:" + std::to_string(port), 0);
  if (!stream) return {stream.error().text};
  try {
    const auto answer = job[0].starts_with("etrn ") ? ask_by_etrn(**stream, "me.test", domain)
                                                    : ask_trigger(**stream, domain);
    return {answer ? words_of(*answer) : "failed " + answer.error().text};
  } catch (const net::Disconnected&) {
    return {"it hung up"};
  }
}

class Transcripts : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Kick, Transcripts, testing::ValuesIn(transcripts_in("kick")),
                         transcript_name<testing::TestParamInfo<std::string>>);
TEST_P(Transcripts, GoAsWritten) { EXPECT_EQ("", run_client_transcript(GetParam(), ask)); }

}  // namespace
}  // namespace tubepost::kick
