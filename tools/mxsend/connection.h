// A connection to another server that is ready for transactions: greeted, encrypted as its policy demands,
// logged in where there is an account. Threading: one thread; the Watch may break it off.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>

#include "log/logger.h"
#include "mailauth/tls_policy.h"
#include "mxsend/admission.h"
#include "mxsend/options.h"
#include "mxsend/watch.h"
#include "net/endpoint.h"
#include "relay/job.h"
#include "smtp/client.h"

namespace tubepost::mxsend {

struct Peer {
  std::string name;  // of the host, for people and for TLS; empty: an address literal
  net::Endpoint endpoint;
  std::string unix_path;  // in place of an endpoint
  bool lmtp = false;
  bool tls_first = false;     // RFC 8314 3.3: port 465
  bool tests_done = false;    // the names that are only tested do not hold, and TLS goes on without them
  bool clear_text = false;    // TLS was tried and does not work
  std::string tls_trouble{};  // what was wrong, of the last of these
  const auth::SmarthostAccount* account = nullptr;
  mailauth::TlsPolicy policy;

  std::string to_text() const;  // "mx.example.net[192.0.2.1]:25"
};

// Why there is no connection, or no more.
struct Setback {
  relay::Trouble trouble = relay::Trouble::connect;
  Failure failure;
  int reply = 0;
  std::string host;
  std::string local{};  // our address; empty: not connected
  // Trouble::tls: what is wrong with it, in OpenSSL's words or ours, without a name that others have chosen.
  std::string tls_trouble{};
  std::optional<mailauth::Published> published{};  // of a host that may not be tried because of it
};

// TLS contexts, made when they are first needed: the authorities' take a tenth of a second to read.
class TlsContexts {
public:
  explicit TlsContexts(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  Result<std::shared_ptr<tls::ClientContext>> get(bool with_authorities);

private:
  std::string ca_file_;
  std::shared_ptr<tls::ClientContext> plain_, verifying_;
};

class Connection {
public:
  struct Parts {
    const Options& options;
    TlsContexts& contexts;
    Watch& watch;
    Admission& admission;
    const log::Logger& logger;
  };
  using Opened = std::variant<std::unique_ptr<Connection>, Setback>;
  // Throws as streams do, but for what is no more than a peer that is not there or hangs up.
  static Opened open(const Parts& parts, Peer peer);
  ~Connection();

  smtp::Client& client() { return *client_; }
  // Nothing has come that was not asked for, nor the end, as far as was seen; `look`: and nothing waits to be read.
  bool is_quiet(bool look);
  const Peer& peer() const { return peer_; }
  const std::string& tls_text() const { return tls_text_; }  // "TLSv1.3 TLS_AES_256_GCM_SHA384 dane"
  bool is_verified() const { return verified_; }
  const std::string& local() const { return local_; }  // our address
  // Of a recipient that is to be named now. False: it is one domain more than the server takes in a session (RFC 9422 4.3).
  bool takes_domain_of(std::string_view address);
  void say_goodbye() noexcept { client_->quit(); }

private:
  Connection(const Parts& parts, Peer peer) : parts_(parts), peer_(std::move(peer)) {}
  std::optional<Setback> connect();
  Result<std::unique_ptr<net::Stream>> dial() const;
  std::optional<Setback> greet();
  std::optional<Setback> hello();
  std::optional<Setback> secure();
  std::optional<Setback> shake_hands();
  std::optional<Setback> log_in();
  std::string choose_mechanism() const;
  Setback setback(relay::Trouble trouble, Failure failure) const;
  Setback refused(const smtp::Reply& reply, const char* step) const;
  Setback no_tls(const std::string& why);

  Parts parts_;
  Peer peer_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<tls::TlsStream> tls_;
  std::unique_ptr<smtp::Client> client_;
  std::string tls_text_, local_;
  std::set<std::string> domains_;  // that were named, where that counts
  bool verified_ = false;
  bool handshake_failed_ = false;  // by opportunistic TLS: worth a second try in clear text
};

EnhancedStatus status_of(const smtp::Reply& reply);  // its own, or one made of its code
std::string text_of(const smtp::Reply& reply);       // one line, printable, bounded

}  // namespace tubepost::mxsend
