// A message filter that serves on a Unix socket instead of being started for every message: "unix:PATH" in
// smtpd.filter. One message a connection:
//
//   request: NAME=VALUE lines, values %-escaped: SENDER, RECIPIENTS (all of them, newline-separated),
//            CLIENT_ADDRESS, HELO, AUTH_USER, SPOOL_ID as contracts.md has them, and TUBEPOST_… variables;
//            "size=N", an empty line, N bytes of message
//   answer:  "status=N" as an exit status, "reply=WORDS" (%-escaped), and "size=N" if the message is changed; an
//            empty line, then N bytes
//
// Lines end with LF. Both sides bound what they read. Who does not answer as here means "later".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/line_stream.h"
#include "policy/filter_pipeline.h"

namespace tubepost::policy {

inline constexpr std::size_t service_line_max = 4 << 20;  // RECIPIENTS of the largest envelope
inline constexpr std::size_t service_lines_max = 200;

bool is_filter_service(std::string_view command);

struct FilterRequest {
  std::map<std::string, std::string, std::less<>> variables;
  std::string message;
};
struct FilterAnswer {
  int status = 75;
  std::string reply;
  std::optional<std::string> changed;
};

// The service's side. Failure: it is no request; or its message is longer than `message_max`, which is 5.3.4 and can be answered.
// Throws StreamEnd as streams do.
Result<FilterRequest> read_filter_request(net::LineStream& stream, std::size_t message_max);
void write_filter_answer(net::LineStream& stream, const FilterAnswer& answer);

// The other side: one filter, as run_filters() has them.
Filtered ask_filter_service(const std::string& command, const FilterEnvelope& envelope,
                            const MessageSource& message, const FilterOptions& options,
                            const FilterSink& sink);

}  // namespace tubepost::policy
