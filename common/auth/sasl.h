// SASL mechanisms (RFC 4422) as small state machines without I/O: decoded bytes in, what happens next out.
// Whoever drives them knows the accounts, does the slow hashing and decides about throttling.
//   PLAIN RFC 4616   LOGIN draft-murchison-sasl-login   SCRAM-SHA-1, SCRAM-SHA-256 and their -PLUS RFC 5802, RFC 7677
//   OAUTHBEARER RFC 7628   XOAUTH2 (Google's, its forerunner)
//   CRAM-MD5 RFC 2195, NTLM (MS-NLMP, version 2 alone), APOP RFC 1939 7: old, off unless asked for (legacy_secrets.h)
// Names and passwords are UTF-8 as they came: no SASLprep (verifier.h says why).
// Every input is bounded: a response over sasl_response_max is refused. Threading: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/crypto.h"
#include "auth/verifier.h"
#include "base/result.h"

namespace tubepost::auth {

// RFC 4954 4: a line of AUTH has at most 12,288 octets of base64.
inline constexpr std::size_t sasl_response_max = 9216;
inline constexpr std::size_t login_name_max = 320;

bool is_login_name(std::string_view user);  // 1 to 320 octets of UTF-8 without NUL

struct Challenge {
  std::string text;
};
// PLAIN and LOGIN end here: the driver compares user and password.
struct CheckPassword {
  std::string user;
  Password password;
};
// SCRAM ends here: the client has proved that it knows the password of the user it was asked for.
struct Proved {
  std::string user;
};
// OAUTHBEARER and XOAUTH2 end here: whether the token is good, somebody else knows.
struct CheckToken {
  std::string user;  // empty: the token says who
  Password token;
};
// -PLUS: the driver finds out the channel binding data of this type and calls bind() with it.
struct AskBinding {
  std::string type;  // "tls-exporter", "tls-server-end-point"
};
struct Refused {
  std::string reason;  // a sentence for the log, without secrets
  bool temporary = false;
};
using SaslStep = std::variant<Challenge, CheckPassword, CheckToken, AskBinding, Proved, Refused>;

class SaslServer {
public:
  virtual ~SaslServer() = default;
  // nullopt, at the first step only: the client sent no initial response (not the same as an empty one).
  virtual SaslStep step(std::optional<std::string_view> response) = 0;
  // After AskBinding alone; empty: there is no such data on this connection.
  virtual SaslStep bind(std::string_view) { return Refused{"no channel binding was asked for"}; }
  // After CheckToken alone, where the token was refused: the challenge that says so (RFC 7628 3.2.2), after
  // which the client has one more step.
  virtual std::string token_refused() { return {}; }
};

// What can check the proof of a user: for SCRAM a verifier, for the old mechanisms one of LegacySecrets. For one that does
// not exist a made-up one, the same each time, that nothing satisfies.
using ScramLookup = std::function<Result<ScramVerifier>(const std::string& user)>;
using LegacyLookup = std::function<Result<std::string>(const std::string& user)>;
struct SaslLookups {
  ScramLookup scram;
  LegacyLookup legacy{};
  std::string hostname{};     // for challenges that carry one
  bool plus_offered = false;  // RFC 5802 6: a client that says it saw no -PLUS was lied to
};

struct MechanismTraits {
  std::string_view name;
  bool plaintext;        // sends what can be used again as it is: a password, a token (A6)
  bool channel_binding;  // -PLUS
  bool internal = false;  // no SASL mechanism: APOP
};
const std::vector<MechanismTraits>& known_mechanisms();
const MechanismTraits* find_mechanism(std::string_view name);  // without regard to case; nullptr: unknown

// nullptr: no such mechanism. `server_nonce` empty: random (tests of RFC 7677 3 give theirs).
std::unique_ptr<SaslServer> make_sasl_server(std::string_view mechanism, SaslLookups lookups,
                                             std::string server_nonce = {});

// The other side, for `authd test`, for tests, and for mxsend's smarthosts: also CRAM-MD5 (RFC 2195) and XOAUTH2.
class SaslClient {
public:
  virtual ~SaslClient() = default;
  virtual std::optional<std::string> initial_response() = 0;
  // A permanent Failure: the server does not speak the mechanism, or does not know the password either
  // (SCRAM).
  virtual Result<std::string> answer(std::string_view challenge) = 0;
  // Success of the server may be believed: SCRAM has seen the server's own proof.
  virtual bool is_satisfied() const = 0;
};

struct ChannelBinding {
  std::string type, data;  // empty type: the connection has none
};
struct Login {
  std::string user;
  Password password;  // the token, for OAUTHBEARER and XOAUTH2
  ChannelBinding binding{};
};
std::unique_ptr<SaslClient> make_sasl_client(std::string_view mechanism, Login login,
                                             std::string client_nonce = {});

}  // namespace tubepost::auth
