// Runs a dialogue script against a session on an in-memory stream:
//
//   # a comment; blank lines are skipped
//   S: +OK …       the session must say exactly this line; … stands for anything, also in the middle
//   C: STAT        what the client sends, CRLF added; \r \n \t \0 \\ and \xNN as in C
//   C> raw bytes   as C: without the CRLF
//   C|             the client closes its side
//   S? ^250-.*SIZE the line must match this regular expression (std::regex, search)
//   S* .           skips lines up to and including exactly this one (bodies, EHLO lists)
//   SE             the session must have ended: nothing more is said
//
// Where the session under test is a client the letters change sides: S: is sent to it, C: must come from it (also C? C* CE, S> S|),
// over a real connection. It is told what to do by the lines J: and what it made of it must be the lines R: (with … as above).
//
// Consecutive C lines are sent as one piece (a client that pipelines). A line that never comes fails after
// `patience`. The session runs in a thread of its own, and has ended when run_transcript() returns. TLS
// cannot be spoken here.
//
// transcript.cc is compiled into each test program that uses it; in tests/unit/<tool>/CMakeLists.txt:
//   target_sources(unit-popd PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/transcript.cc)
// and in a test:
//   class Transcripts : public testing::TestWithParam<std::string> {};
//   INSTANTIATE_TEST_SUITE_P(Popd, Transcripts, testing::ValuesIn(transcripts_in("popd")),
//                            transcript_name<testing::TestParamInfo<std::string>>);
//   TEST_P(Transcripts, GoAsWritten) {
//     EXPECT_EQ("", run_transcript(GetParam(), [&](net::Stream& stream) { Session(..., stream).run(); }));
//   }
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.h"

namespace tubepost::test_support {

using SessionUnderTest = std::function<void(net::Stream&)>;

struct TranscriptOptions {
  std::map<std::string, std::string> variables;  // $NAME in the script becomes its value
  std::chrono::seconds patience{30};
};

// Files tests/transcripts/<tool>/*.chat, sorted; absolute paths.
std::vector<std::string> transcripts_in(std::string_view tool);

// Empty: it went as written. Else a sentence with file and line.
std::string run_transcript(const std::string& file, const SessionUnderTest& session,
                           const TranscriptOptions& options = {});
// The same for a script given as text; `name` stands for the file in what is said.
std::string run_transcript_text(std::string_view script, std::string_view name,
                                const SessionUnderTest& session, const TranscriptOptions& options = {});

// Connects to that port of 127.0.0.1, does what the J: lines say, and returns what it made of it, lines as R: has them.
using ClientUnderTest = std::function<std::vector<std::string>(std::uint16_t port, const std::vector<std::string>& job)>;
std::string run_client_transcript(const std::string& file, const ClientUnderTest& client,
                                  const TranscriptOptions& options = {});

// Bytes as a script writes them: \r \n \t \0 \\ \xNN.
std::string unescape(std::string_view text);

// For INSTANTIATE_TEST_SUITE_P: the file's name as GoogleTest can have it.
std::string name_of_transcript(const std::string& file);
template <class Info>
std::string transcript_name(const Info& info) {
  return name_of_transcript(info.param);
}

}  // namespace tubepost::test_support
