// The Dovecot authentication protocol, 1.1 to 1.3 (Dovecot's Design.AuthProtocol): lines of TAB-separated
// fields that end with LF. Here: lines to values and back, for both sides; no I/O. Pure functions; any
// thread.
//   client: VERSION 1 2 | CPID pid | AUTH id mech service=… [lip= rip= secured …] [resp=base64] | CONT id
//   base64 | CANCEL id server: VERSION 1 2 | SPID | CUID | COOKIE | MECH name [plaintext …] | DONE | CONT id
//   base64 | OK id user=… |
//   CONT id TAB TAB channel_binding=TYPE (1.3: the server asks, before its challenge; the client answers with
//           CONT id TAB TAB channel_binding=base64, empty where it has none)
//           FAIL id [user=…] [reason=…] [temp] [code=…]
// Bounds: a line of auth_line_max octets (Dovecot expects 8192; SASL over SMTP may need 12,288 of base64), 64
// fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tubepost::auth::dovecot {

inline constexpr std::size_t auth_line_max = 16384, auth_fields_max = 64;
inline constexpr unsigned version_major = 1, version_minor = 3;
inline constexpr unsigned channel_binding_minor = 3;  // from this on a peer knows channel_binding=

struct Version {
  unsigned major = 0, minor = 0;
};
struct ProcessId {  // CPID, SPID
  std::uint64_t pid = 0;
};
struct AuthRequest {
  std::uint32_t id = 0;
  std::string mechanism, service;
  std::string local_address, remote_address;  // lip=, rip=, as text
  std::string default_domain;                 // ours: default-domain=, ignored by Dovecot
  bool secured = false, no_penalty = false;
  bool plus_offered = false;  // ours: the client of this client was offered -PLUS mechanisms
  std::optional<std::string> initial_response;  // decoded; "resp=" alone is an empty one
};
struct Continue {  // CONT, in both directions
  std::uint32_t id = 0;
  std::string data;  // decoded
  std::optional<std::string> channel_binding{};  // from a server the type it asks for, from a client its octets
};
struct Cancel {
  std::uint32_t id = 0;
};
struct Ignored {};  // a command that we do not know, or that says nothing to us
using FromClient = std::variant<Version, ProcessId, AuthRequest, Continue, Cancel, Ignored>;

struct Mechanism {
  std::string name;
  bool plaintext = false, internal = false;  // internal: "private", not to be offered as SASL (APOP)
  bool channel_binding = false;  // -PLUS: private as well, since who speaks 1.2 would offer what it cannot do
};
struct Done {};
struct Ok {
  std::uint32_t id = 0;
  std::string user;
};
struct Fail {
  std::uint32_t id = 0;
  std::string user, reason, code;
  bool temporary = false;
};
using FromServer = std::variant<Version, Mechanism, Done, Continue, Ok, Fail, Ignored>;

// nullopt: broken, too long, with NUL or CR: the connection cannot be trusted any more. `line` without its
// LF.
std::optional<FromClient> parse_client_line(std::string_view line);
std::optional<FromServer> parse_server_line(std::string_view line);

// With its LF.
std::string to_line(const AuthRequest& request);
std::string to_line(const Continue& message);          // of a server
std::string to_client_line(const Continue& message);
std::string to_line(const Cancel& message);
std::string to_line(const Ok& message);
std::string to_line(const Fail& message);
std::string client_greeting(std::uint64_t pid);
std::string server_greeting(std::uint64_t pid, std::uint64_t connection,
                            const std::vector<Mechanism>& mechanisms);

// Dovecot's own escape, for values with TAB, LF, CR, NUL or \001: \001 and one of t, n, r, 0, 1.
std::string tab_escape(std::string_view text);
std::optional<std::string> tab_unescape(std::string_view text);

}  // namespace tubepost::auth::dovecot
