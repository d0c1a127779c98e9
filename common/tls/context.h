// TLS by OpenSSL. A ServerContext holds certificates (SNI: one per name if several are given) and settings;
// it reloads the files when they change (looked at no more than once a second, or at reload()), and keeps the
// old ones, saying so in the log, when the new do not fit together. Live connections keep the context they
// began with. TLS 1.2 and 1.3 only (RFC 8996, RFC 9325); no compression, no renegotiation. Threading: any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "log/logger.h"
#include "net/stream.h"

namespace tubepost::tls {

struct CertificateFiles {
  std::string certificate, key;  // PEM; the certificate file holds the chain
};

struct ConnectionInfo {
  std::string protocol, cipher;  // "TLSv1.3", "TLS_AES_256_GCM_SHA384"
  std::string server_name;       // SNI, if the client sent one
  std::string tls_exporter;      // RFC 9266 channel binding, for -PLUS (TLS 1.3)
  std::string server_end_point;  // RFC 5929: hash of our certificate
  std::string verified_by;       // a client's: "dane", "authority"; empty: nobody vouched for the server
};

class TlsStream;

class ServerContext {
public:
  static Result<std::shared_ptr<ServerContext>> load(std::vector<CertificateFiles> files,
                                                     const log::Logger& logger);
  virtual ~ServerContext() = default;
  // Does the handshake over `below` (owned by the caller, or by the stream if moved in). Throws as streams do
  // when the peer goes away or is too slow; a handshake that fails is a Failure with OpenSSL's reason.
  virtual Result<std::unique_ptr<TlsStream>> accept(net::Stream& below) = 0;
  virtual Result<std::unique_ptr<TlsStream>> accept(std::unique_ptr<net::Stream> below) = 0;
  virtual void reload() = 0;
};

// What a client demands of the server, connection by connection.
struct PeerDemands {
  struct Tlsa {  // RFC 6698 2.1
    std::uint8_t usage = 0, selector = 0, matching = 0;
    std::string data;
  };
  std::string server_name;         // SNI; empty or an address: none
  std::vector<std::string> names;  // the certificate must be for one of them; empty: nothing is verified
  // RFC 7672: one of these must match, instead of an authority's word. `names` then begins with the TLSA
  // base domain. If none is usable (3.1.3 there), TLS without authentication.
  std::vector<Tlsa> tlsa;
};

class ClientContext {
public:
  // ca_file empty: the system's authorities. verify: chain and name must be right.
  static Result<std::shared_ptr<ClientContext>> create(const std::string& ca_file, bool verify);
  virtual ~ClientContext() = default;
  virtual Result<std::unique_ptr<TlsStream>> connect(net::Stream& below, const std::string& host) = 0;
  // Names without `tlsa` need a context made with `verify`, which has authorities.
  virtual Result<std::unique_ptr<TlsStream>> connect(net::Stream& below, const PeerDemands& demands) = 0;
};

// A Stream over a Stream. Buffers are released while idle (SSL_MODE_RELEASE_BUFFERS).
class TlsStream : public net::Stream {
public:
  virtual ConnectionInfo info() const = 0;
};

// A self-signed certificate for `hostname` (P-256, valid `days` days), as two PEM texts: what mailadm init
// makes.
struct SelfSigned {
  std::string certificate, key;
};
Result<SelfSigned> make_self_signed(const std::string& hostname, int days);

}  // namespace tubepost::tls
