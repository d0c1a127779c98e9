// Who a login means (A3, A7, A8, A10), and what can check their password. Looks at the directory and secrets
// each time: a change counts at once. Threading: any thread.
#pragma once

#include <optional>
#include <string>

#include "auth/dovecot_protocol.h"
#include "auth/secrets.h"
#include "base/result.h"
#include "config/settings.h"
#include "directory/directory.h"
#include "log/logger.h"

namespace tubepost::authd {

struct Candidate {
  std::string
      name;  // "alice@example.test", as it is told to the daemons; of nobody: what it would be, or the login as given
  std::optional<auth::Verifiers> verifiers;  // nullopt: there is no such user, or no password
  bool suspended = false;
  std::uint64_t account = 0;   // 0: nobody's, or the fixed user's
  auth::LegacySet legacy = 0;  // what the account's domain allows
};

class Users {
public:
  Users(const directory::Directory& directory, const auth::Secrets& secrets, config::LiveSettings& settings,
        const log::Logger& logger);

  // A Failure: it cannot be known now.
  Result<Candidate> find(const auth::dovecot::AuthRequest& request, const std::string& login) const;

  // For nobody: verifiers that nothing matches, and that cost the same time. The salt is always the same for
  // a name, however it is spelled in the login.
  auth::Verifiers decoy(const Candidate& candidate) const;
  // What an old mechanism checks a proof with; where there is nothing (no such user, not kept, not allowed any more)
  // something that nothing satisfies.
  Result<std::string> legacy_secret(const Candidate& candidate, auth::Legacy kind) const;

private:
  Result<Candidate> find_account(const auth::dovecot::AuthRequest& request, const std::string& login) const;
  std::string nobodys_name(const std::string& login, const std::string& default_domain) const;
  Result<auth::LegacySet> legacy_of(const std::string& domain) const;
  std::string made_up(std::string_view what, const std::string& login) const;
  Result<std::string> default_domain(const auth::dovecot::AuthRequest& request) const;
  void note_choice(const std::string& login, const std::string& domain) const;

  const directory::Directory& directory_;
  const auth::Secrets& secrets_;
  config::LiveSettings& settings_;
  const log::Logger& logger_;
  std::string decoy_crypt_;
};

// A3: the file of submission.authentication=fixed:FILE, one line "user:verifiers" (what `authd hash` prints).
Result<Candidate> find_fixed_user(const std::string& file, const std::string& login);

}  // namespace tubepost::authd
