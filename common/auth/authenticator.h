// How smtpd, popd and imapd ask whether somebody is who they say. The conversation behind it is the Dovecot auth protocol
// to authd (or to Dovecot's own auth service); tests put a fake here. The daemons hold no secrets.
// Threading: begin() from any thread; an Exchange belongs to one session.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::auth {

struct MechanismInfo {
  std::string name;         // "PLAIN", "SCRAM-SHA-256"
  bool plaintext = false;   // sends the password as it is: only under TLS (A6)
  bool channel_binding = false;
};

struct Request {
  std::string service;        // "smtp", "submission", "pop3", "imap"
  std::string mechanism;
  std::string client_address, local_address;  // text; empty: unknown
  bool secured = false;       // under TLS
  std::string default_domain; // A8, A10: for a login without a domain; empty: the primary domain
  std::optional<std::string> initial_response;  // decoded; nullopt: none was given
  // Channel binding data of the TLS connection (tls::ConnectionInfo), octets; empty: there is none of that type.
  std::string tls_exporter, tls_server_end_point;
  // Whether -PLUS mechanisms may be offered on this connection, and were (RFC 5802 6: the service then sees a downgrade).
  bool has_channel_binding() const { return !tls_exporter.empty() || !tls_server_end_point.empty(); }
};

struct Step {
  enum class Kind { challenge, ok, failed } kind;
  std::string text;        // challenge: decoded bytes for the client; failed: a sentence for the log
  std::string user;        // ok: the account, "user@domain"
  bool temporary = false;  // failed: authd could not decide (454 4.7.0), not a wrong password (535 5.7.8)
  std::string code;        // failed: authd's code ("user_disabled", "temp_fail", "authorize_only", "" )
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual Step step(std::string_view response) = 0;  // decoded bytes from the client
  virtual void cancel() = 0;                          // the client sent "*"
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Those to be offered to clients; -PLUS ones only where Request::has_channel_binding().
  virtual Result<std::vector<MechanismInfo>> mechanisms() = 0;
  // Whether the service has a mechanism that is no SASL mechanism and never listed: "APOP" (RFC 1939 7).
  virtual bool offers_internal(std::string_view) { return false; }
  // The first step; an Exchange to go on with if it is a challenge.
  struct Begun {
    Step step;
    std::unique_ptr<Exchange> exchange;
  };
  virtual Begun begin(const Request& request) = 0;
};

// Speaks the Dovecot auth protocol, versions 1.2 and 1.3, on the Unix socket `path`. Connects when first asked, shares one
// connection among all threads, reconnects when it is lost (an exchange under way then fails temporarily).
std::unique_ptr<Authenticator> make_dovecot_client(std::string path);

}  // namespace tubepost::auth
