// A login by SASL (RFC 4422), as far as POP3 (RFC 5034) and IMAP (RFC 9051 6.2.2) have it in common: what may be offered, what the
// auth service is told of the connection, and the dialogue. What the client is told at its end is the protocol's.
// Threading: any thread; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "directory/directory.h"
#include "frontend/frontend.h"
#include "log/logger.h"
#include "net/line_stream.h"

namespace tubepost::frontend {

// The names of those that may be offered now, in the service's order: -PLUS where there is something to bind to (RFC 5802 6), what
// sends passwords as they are where `passwords` may be sent. None, and a line in the log, if the service cannot be asked.
std::vector<std::string> usable_mechanisms(auth::Authenticator& authenticator, const Client& client, bool passwords,
                                           const log::Logger& logger);

// Without an initial response. `service`: "pop3", "imap".
auth::Request login_request(std::string_view service, std::string mechanism, const Client& client,
                            const directory::Directory& directory);

// A name and a password, said as PLAIN (RFC 4616 2).
std::string as_plain(std::string_view user, std::string_view password);
// "=" is an initial response that is empty (RFC 4959 3, RFC 5034 4). nullopt: that is no base64.
std::optional<std::string> decode_initial(std::string_view text);

// "+ " and base64 to the client, base64 from it, of at most `line_max` octets a line. nullopt: it cancelled ("*"), or sent what is
// no base64. net::Disconnected if it goes away.
std::optional<auth::Step> converse_sasl(auth::Authenticator& authenticator, const auth::Request& request,
                                        net::LineStream& lines, std::size_t line_max);

}  // namespace tubepost::frontend
