// A login by SASL (RFC 4422), as far as SMTP (RFC 4954), POP3 (RFC 5034) and IMAP (RFC 9051 6.2.2) have it in common: what there is
// to choose from, what the auth service is told of the connection, and the dialogue. What the client is told at its end is the
// protocol's.
// Threading: any thread; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/authenticator.h"
#include "directory/directory.h"
#include "frontend/frontend.h"
#include "log/logger.h"
#include "net/line_stream.h"

namespace tubepost::frontend {

inline constexpr std::size_t sasl_line_max = 12'288;  // RFC 4954 4; the others set no limit

// In the service's order, -PLUS only where there is something to bind to (RFC 5802 6). Whether a password may be sent as it is, is the
// caller's question. None, and a line in the log, if the service cannot be asked.
std::vector<auth::MechanismInfo> known_mechanisms(auth::Authenticator& authenticator, const Client& client,
                                                  const log::Logger& logger);
// In whatever letters; null: it is not among them.
const auth::MechanismInfo* find_mechanism(const std::vector<auth::MechanismInfo>& known,
                                          std::string_view name);

// Without an initial response. `service`: as auth::Request has it.
auth::Request login_request(std::string_view service, std::string mechanism, const Client& client,
                            const directory::Directory& directory);

// A name and a password, said as PLAIN (RFC 4616 2).
std::string as_plain(std::string_view user, std::string_view password);
// "=" is an initial response that is empty (RFC 4954 4, RFC 4959 3, RFC 5034 4). nullopt: that is no base64.
std::optional<std::string> decode_initial(std::string_view text);

// The client has ended the dialogue: by "*", or by what is no base64, or too long.
struct GaveUp {
  std::string said;  // of a line that is too long the end
  bool is_cancelled() const { return said == "*"; }
};

// `prompt` ("+ ", "334 ") and base64 to the client, base64 from it; the Step is none of a challenge. net::Disconnected if it goes away.
std::variant<auth::Step, GaveUp> converse_sasl(auth::Authenticator& authenticator,
                                               const auth::Request& request, net::LineStream& lines,
                                               std::string_view prompt);

// A line in the log: the Step is one of a login that failed, or that could not be decided.
void log_failed_login(const log::Logger& logger, const Client& client, std::string_view mechanism,
                      const auth::Step& step);

}  // namespace tubepost::frontend
