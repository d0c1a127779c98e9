// What the old mechanisms need of a password. Unlike the verifiers these are as good as the password for their
// mechanism (APOP's is the password itself), so they are made only for accounts of domains that ask for them
// (the property legacy-logins), and kept encrypted under the key file that authd and mailadm alone read.
//   cram-md5  the two states of MD5 (RFC 2195 2)     ntlm  the NT hash (MS-NLMP 3.3.1)
//   apop      the password (RFC 1939 7 hashes it behind the timestamp)
// Clear form, before sealing: lines "name=base64". Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/crypto.h"
#include "base/result.h"

namespace tubepost::auth {

enum class Legacy : unsigned { cram_md5 = 1, ntlm = 2, apop = 4 };
using LegacySet = unsigned;  // of Legacy
inline bool has(LegacySet set, Legacy one) { return (set & static_cast<unsigned>(one)) != 0; }

// "cram-md5,apop", in any order; nullopt: another word. Empty: none.
std::optional<LegacySet> parse_legacy_set(std::string_view text);
std::string to_text(LegacySet set);  // "cram-md5,ntlm,apop", in this order

struct LegacySecrets {
  std::string cram_md5, nt_hash, password;  // empty: not kept
  LegacySecrets() = default;
  LegacySecrets(LegacySecrets&&) noexcept = default;
  LegacySecrets& operator=(LegacySecrets&&) noexcept = default;
  ~LegacySecrets() { wipe(cram_md5), wipe(nt_hash), wipe(password); }
};

// A temporary Failure: NTLM was asked for and OpenSSL's legacy provider, which has MD4, is not installed.
Result<LegacySecrets> make_legacy_secrets(std::string_view password, LegacySet kinds);
std::string encode(const LegacySecrets& secrets);
std::optional<LegacySecrets> decode_legacy_secrets(std::string_view text);

}  // namespace tubepost::auth
