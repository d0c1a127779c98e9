// Runs a dialogue script against a session on an in-memory stream:
//
//   # a line of comment; blank lines are skipped
//   S: +OK …                 the session must say exactly this line; "…" (or "...") stands for anything, also
//   in the middle C: STAT                  what the client sends, CRLF added; \r \n \t \0 \\ and \xNN are
//   taken as in C C> raw bytes             as C: without the CRLF C| \n                    nothing is sent:
//   the client closes (then the session must end) S? ^250-.*SIZE           the line must match this regular
//   expression (std::regex, search) S* .                     skips lines up to and including exactly this one
//   (bodies, EHLO lists) SE:                      the session must have ended: end of output
//
// Consecutive C lines are sent in one write (a pipelining client); the session runs in a thread of its own
// and sees exactly what a socket would give it. A transcript that waits for a line that never comes fails
// after `patience` at the latest.
//
//   INSTANTIATE_TEST_SUITE_P(Popd, Transcripts, testing::ValuesIn(transcripts_in("popd")), transcript_name);
//   TEST_P(Transcripts, RunsAsWritten) {
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

// Files tests/transcripts/<tool>/*.chat, sorted; absolute paths.
std::vector<std::string> transcripts_in(std::string_view tool);

// Empty: it went as written. Else "FILE:LINE: expected …, got …". `variables`: $NAME in the script is
// replaced by its value.
std::string run_transcript(const std::string& file, const SessionUnderTest& session,
                           const std::map<std::string, std::string>& variables = {},
                           std::chrono::seconds patience = std::chrono::seconds(30));
// The same for a script given as text; `name` stands for the file in what is said.
std::string run_transcript_text(std::string_view script, std::string_view name,
                                const SessionUnderTest& session,
                                const std::map<std::string, std::string>& variables = {},
                                std::chrono::seconds patience = std::chrono::seconds(30));

}  // namespace tubepost::test_support
