// What is counted for the reports of RFC 8460: sessions with the mail servers of domains, and what became of their TLS. mxsend
// notes them, tls-report adds them up.
//
//   FOLDER/2026-11-26   a line each, of that day in UTC: domain policy host address result reason local, then the policy's own lines
//                       as it was published; separated by tabs; "-" stands for what is not there
//
// Any number of processes note at the same time: a line is one write(2) to a file opened for appending.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tubepost::relay {

inline constexpr std::string_view tls_success = "successful", no_policy = "no-policy-found";
inline constexpr std::size_t policy_lines_max = 50;
inline constexpr std::uint64_t tls_day_max = 64 << 20;  // bytes of one day; what comes then is not counted
// Reported or not: then whoever begins a day removes them.
inline constexpr std::chrono::hours tls_days_kept{30 * 24};

struct TlsSession {
  std::string domain, policy;  // the policy domain; "tlsa", "sts" or no_policy (RFC 8460 4.4, policy-type)
  std::string host, address;   // of the server, as its MX record and as it was connected to
  std::string result;          // tls_success, or a result-type of RFC 8460 4.3
  std::string reason;          // failure-reason-code, for people
  std::string local;           // the address of ours
  std::vector<std::string> policy_text;  // policy-string: at most policy_lines_max
};

std::string to_line(const TlsSession& session);                      // with its line end
std::optional<TlsSession> parse_tls_session(std::string_view line);  // without
std::string day_text(Timestamp time);                                // "2026-11-26"

Result<void> note(const std::string& folder, const TlsSession& session, Timestamp now);

}  // namespace tubepost::relay
