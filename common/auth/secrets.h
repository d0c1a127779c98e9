// The environment secrets/: the verifiers of accounts, one record an account. Written by mailadm, read by
// authd alone (design.md 3); its files have mode 0600. Clear text is never kept, and buffers that held it are
// wiped.
//
// On disk: table "meta":      "schema" -> "1", "decoy" -> 32 random octets
//          table "verifiers": account id (8 octets, big-endian) -> the line described in verifier.h
//          file "key", mode 0600: 32 random octets, under which `sealed` is encrypted, bound to the account id;
//          made when the first password needs it. Whoever backs up one should back up the other apart from it.
// Threading: any thread. Each call is one short transaction; a change is on disk when the call returns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/legacy_secrets.h"
#include "auth/verifier.h"
#include "base/result.h"

namespace tubepost::auth {

class Secrets {
public:
  struct Options {
    bool create = false;  // the folder (0700) and its files, where they are missing
    bool read_only = false;
  };
  static Result<Secrets> open(const std::string& folder, const Options& options);
  Secrets(Secrets&&) noexcept;
  Secrets& operator=(Secrets&&) noexcept;
  ~Secrets();

  // Against check_password_rules: a permanent Failure (65's matter) with a sentence for who chose the
  // password.
  // `legacy`: what else to keep, for the old mechanisms of the account's domain.
  Result<void> set_password(std::uint64_t account, std::string_view password, LegacySet legacy = 0);
  // What is sealed in the verifiers of this account; empty where nothing is. A Failure: the key is gone or another.
  Result<LegacySecrets> unseal_legacy(std::uint64_t account, const Verifiers& verifiers) const;
  Result<void> set_verifiers(std::uint64_t account,
                             const Verifiers& verifiers);  // import from another system
  Result<void> remove(std::uint64_t account);              // there is none: fine
  Result<bool> has_password(std::uint64_t account) const;
  Result<std::optional<Verifiers>> find(std::uint64_t account) const;

  // Random octets of this environment, from which authd makes the salts it shows for users that do not exist
  // (RFC 5802 9 asks that they be no easier to tell apart): the same ones after a restart.
  const std::string& decoy_key() const;

private:
  std::string key_path() const;
  struct State;
  explicit Secrets(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::auth
