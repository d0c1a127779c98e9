// Looks at the TLS of a server as it is, and judges nothing: the handshake comes about whatever its certificate, and
// what was seen is said. For the basic access test; never for mail (ClientContext). Blocking, over a stream that
// is given. The end of the stream comes as its exceptions. Threading: any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tls/context.h"

namespace tubepost::tls {

struct CertificateFacts {
  std::string subject, issuer;     // "CN = mx.example.test"
  std::vector<std::string> names;  // of subjectAltName: host names and addresses; without it the common name
  Timestamp not_before{}, not_after{};
  std::string key;        // "RSA", "EC", "ED25519"
  unsigned key_bits = 0;  // their strength is the key type's matter
  std::string signature;  // "ecdsa-with-SHA256"
  bool self_signed = false;
  std::string der, spki;  // the whole certificate and its public key (RFC 6698 2.1.2), DER
};

struct Inspection {
  std::string protocol, cipher;         // "TLSv1.3", "TLS_AES_256_GCM_SHA384"
  std::vector<CertificateFacts> chain;  // as the server sent it, its own first; at most ten
  // Why nobody vouches for it, in OpenSSL's words; empty: an authority of ours does. Times and names not considered.
  std::string distrust;
  bool name_matches = false;  // the certificate is for the name that was asked for (RFC 9525 6.3)
};

enum class Version { tls1_0, tls1_1, tls1_2, tls1_3 };
std::string_view to_text(Version version);  // "TLS 1.0"

struct InspectionWishes {
  std::string name;                // SNI, and the name that should match; an address is no SNI
  bool judge_chain = true;         // false: distrust stays empty, and no authorities are read
  std::string ca_file;             // empty: the system's authorities
  std::optional<Version> version;  // this one alone, at OpenSSL's lowest security level
  std::string ciphers;             // of TLS 1.2 and older, OpenSSL's list; empty: the defaults
};

struct Inspected {
  Inspection seen;
  std::unique_ptr<TlsStream> stream;  // over the one that was given, which must outlive it
};
// A Failure: there was no handshake, with OpenSSL's reason. With a version or ciphers that we cannot offer ourselves
// it is a temporary one.
Result<Inspected> inspect(net::Stream& below, const InspectionWishes& wishes);

}  // namespace tubepost::tls
