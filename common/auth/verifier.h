// What is kept of a password: never the password, only what can check one. Verifiers of the same password, one
// for each kind of mechanism:
//   crypt       "$y$…"  yescrypt, crypt(5): PLAIN and LOGIN
//   scram       SCRAM-SHA-256, RFC 5802 3, RFC 7677: salt, iterations, StoredKey, ServerKey
//   scram_sha1  the same for SCRAM-SHA-1
//   sealed      what the old mechanisms need, encrypted (legacy_secrets.h); only where a domain asks for it
// As text, in one line (the record of secrets/, and what follows "user:" in a file of
// submission.authentication=fixed:FILE):
//   verifiers = crypt *( " " ( ( "SCRAM-SHA-256" / "SCRAM-SHA-1" ) "$" iterations ":" base64(salt) "$"
//               base64(StoredKey) ":" base64(ServerKey) / "SEALED$" base64(octets) ) )     each at most once
// Pure but for the random salts. Threading: any thread; make and check take some 20 ms of processor and a few
// MiB.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/crypto.h"
#include "base/result.h"

namespace tubepost::auth {

// RFC 7677 4 demands 4096 at least; 15,000 cost 4 ms.
inline constexpr unsigned scram_iterations = 15'000, scram_iterations_min = 4096,
                          scram_iterations_max = 10'000'000;
inline constexpr std::size_t password_max = 1024;

struct ScramVerifier {
  std::string salt;
  unsigned iterations = 0;
  std::string stored_key, server_key;  // as long as the hash
  friend bool operator==(const ScramVerifier&, const ScramVerifier&) = default;
};

struct Verifiers {
  std::string crypt;
  std::optional<ScramVerifier> scram;
  std::optional<ScramVerifier> scram_sha1{};
  std::string sealed{};  // octets; empty: nothing
  std::string to_text() const;
  friend bool operator==(const Verifiers&, const Verifiers&) = default;
};

// nullopt: not in the form above, or a crypt method without strength (only $y$, $gy$, $7$, $6$, $5$, $2b$ are
// taken).
std::optional<Verifiers> parse_verifiers(std::string_view text);

// 1 to 1024 octets of UTF-8 without NUL. Passwords are taken octet by octet, not normalised (SASLprep's NFKC
// would need ICU in every client path): a password beyond ASCII must be typed in the same normalisation form
// wherever it is used, which in practice is NFC.
Result<void> check_password_rules(std::string_view password);

Result<Verifiers> make_verifiers(std::string_view password);  // permanent: against the rules
ScramVerifier make_scram_verifier(std::string_view password, std::string salt, unsigned iterations,
                                  Hash hash = Hash::sha256);
// In time that does not depend on where the two differ. A broken verifier matches nothing.
bool matches(const std::string& crypt, std::string_view password);

}  // namespace tubepost::auth
