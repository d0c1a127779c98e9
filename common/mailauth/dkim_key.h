// The public key of a DKIM selector as DNS has it (RFC 6376 3.6.1, RFC 8463 for Ed25519), and how strong it is.
// Pure; OpenSSL reads the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/resolver.h"

namespace tubepost::mailauth {

inline constexpr int rsa_bits_least = 1024;   // RFC 8301 3.2: less must not be believed
inline constexpr int rsa_bits_wanted = 2048;  // signers should use at least that
inline constexpr std::size_t key_text_max = 4096;

struct DkimKey {
  enum class Algorithm { rsa, ed25519 } algorithm = Algorithm::rsa;
  int bits = 0;                     // RSA: of the modulus; Ed25519: 256
  std::string key;                  // as p= has it, decoded; empty: revoked (RFC 6376 3.6.1)
  std::vector<std::string> hashes;  // h=; empty: any
  bool for_email = true;            // s= has "email" or "*"
  bool testing = false;             // t=y
  bool same_domain = false;         // t=s: i= must be of this very domain

  bool is_revoked() const { return key.empty(); }
  bool allows_sha256() const;
};

// A permanent Failure says what is wrong with it.
Result<DkimKey> parse_dkim_key(std::string_view text);

std::string dkim_key_name(std::string_view selector, std::string_view domain);  // "s1._domainkey.example.net"

}  // namespace tubepost::mailauth
