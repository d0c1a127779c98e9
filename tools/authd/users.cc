#include "authd/users.h"

#include "auth/crypto.h"
#include "base/file.h"
#include "base/text.h"
#include "directory/login.h"

namespace tubepost::authd {
namespace {

constexpr std::string_view fixed_prefix = "fixed:";
constexpr std::size_t fixed_file_max = 4096;

}  // namespace

Users::Users(const directory::Directory& directory, const auth::Secrets& secrets,
             config::LiveSettings& settings, const log::Logger& logger)
    : directory_(directory),
      secrets_(secrets),
      settings_(settings),
      logger_(logger),
      decoy_crypt_(auth::crypt_password(random_bytes(16), auth::new_yescrypt_setting()).value_or("*")) {}

Result<Candidate> Users::find(const auth::dovecot::AuthRequest& request, const std::string& login) const {
  if (request.service != "submission") return find_account(request, login);
  const std::string rule = settings_.current()->text("submission.authentication");
  if (rule == "off") return Candidate{login, std::nullopt, false};
  if (!rule.starts_with(fixed_prefix)) return find_account(request, login);
  return find_fixed_user(rule.substr(fixed_prefix.size()), login);
}

Result<Candidate> Users::find_account(const auth::dovecot::AuthRequest& request,
                                      const std::string& login) const {
  const bool bare = login.find_first_of("@%") == std::string::npos;
  auto domain = bare ? default_domain(request) : Result<std::string>(std::string());
  if (!domain) return std::move(domain).error();
  auto account = directory::find_login(directory_, login, *domain);
  if (!account) return std::move(account).error();
  if (bare) note_choice(login, *domain);
  if (!*account) return Candidate{nobodys_name(login, *domain), std::nullopt, false};
  auto verifiers = secrets_.find((*account)->id);
  if (!verifiers) return std::move(verifiers).error();
  auto legacy = legacy_of((*account)->address.domain);
  if (!legacy) return std::move(legacy).error();
  return Candidate{(*account)->address.to_text(), std::move(*verifiers), (*account)->is_suspended(),
                   (*account)->id, *legacy};
}

// Spelled as an account's would be: if the salt or the count of failures of "x", "x%d" and "x@d" were one for who exists
// and several for nobody, they would tell who exists.
std::string Users::nobodys_name(const std::string& login, const std::string& default_domain) const {
  auto address = directory::parse_login(login, default_domain);
  if (!address) return login;
  const auto hosted = directory_.find_domain(address->domain);
  address->domain = hosted && *hosted ? (*hosted)->name : to_lower(address->domain);
  return address->to_text();
}

// A8, A10: the daemon may know better than the address does.
Result<std::string> Users::default_domain(const auth::dovecot::AuthRequest& request) const {
  if (!request.default_domain.empty()) return request.default_domain;
  return directory_.default_domain(request.local_address);
}

void Users::note_choice(const std::string& login, const std::string& domain) const {
  const auto domains = directory_.domains_with(login);
  if (!domains || domains->size() < 2) return;
  logger_.info("bare-login",
               {{"user", printable(login)}, {"domain", domain}, {"candidates", join(*domains, ",")}});
}

std::string Users::made_up(std::string_view what, const std::string& login) const {
  return auth::hmac_sha256(secrets_.decoy_key(), std::string(what) + login);
}

auth::Verifiers Users::decoy(const Candidate& candidate) const {
  const auto scram = [&](const std::string& name, auth::Hash hash) {
    const auto size = auth::size_of(hash);
    return auth::ScramVerifier{made_up(name + "salt", candidate.name).substr(0, 16), auth::scram_iterations,
                               made_up(name + "stored", candidate.name).substr(0, size),
                               made_up(name + "server", candidate.name).substr(0, size)};
  };
  return {decoy_crypt_, scram("", auth::Hash::sha256), scram("sha1", auth::Hash::sha1)};
}

Result<std::string> Users::legacy_secret(const Candidate& candidate, auth::Legacy kind) const {
  auto none = made_up("legacy", candidate.name);
  if (kind == auth::Legacy::ntlm) none.resize(16);
  if (!candidate.verifiers || !auth::has(candidate.legacy, kind)) return none;
  auto secrets = secrets_.unseal_legacy(candidate.account, *candidate.verifiers);
  if (!secrets) return std::move(secrets).error();
  auto& secret = kind == auth::Legacy::cram_md5 ? secrets->cram_md5
                 : kind == auth::Legacy::ntlm   ? secrets->nt_hash
                                                : secrets->password;
  return secret.empty() ? none : std::move(secret);
}

// Turning it off for a domain counts at once, though what was kept is still there.
Result<auth::LegacySet> Users::legacy_of(const std::string& domain) const {
  auto found = directory_.find_domain(domain);
  if (!found) return std::move(found).error();
  if (!*found) return auth::LegacySet{0};
  const auto property = (*found)->properties.find("legacy-logins");
  if (property == (*found)->properties.end()) return auth::LegacySet{0};
  return auth::parse_legacy_set(property->second).value_or(0);
}

Result<Candidate> find_fixed_user(const std::string& file, const std::string& login) {
  auto content = read_file(file, fixed_file_max);
  if (!content) return std::move(content).error();
  const std::string_view line = trim(*content);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.find('\n') != std::string_view::npos)
    return Failure::temporary(file + ": not one line user:verifier (make it with authd hash)");
  auto verifiers = auth::parse_verifiers(line.substr(colon + 1));
  if (!verifiers) return Failure::temporary(file + ": the verifier is not one that authd hash makes");
  if (line.substr(0, colon) != login) return Candidate{login, std::nullopt, false};
  return Candidate{login, std::move(*verifiers), false};
}

}  // namespace tubepost::authd
