// AUTH, RFC 4954. The dialogue, in common/frontend/login.h, reads its next lines in place.
#include "base/text.h"
#include "frontend/login.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

constexpr unsigned failed_logins_max = 3;

}  // namespace

std::optional<smtp::Reply> Session::auth_guard() const {
  if (!policy_->offers_authentication()) return refusals::authentication_not_offered();
  if (!login_.empty()) return refusals::already_authenticated();
  return std::nullopt;
}

std::vector<auth::MechanismInfo> Session::mechanisms() const {
  return frontend::known_mechanisms(services_.authenticator, client_, services_.logger);
}

Answer Session::auth(std::string_view arguments) {
  if (auto refused = auth_guard()) return std::move(*refused);
  if (transaction_) return refusals::authentication_in_transaction();
  const auto words = split_words(arguments);
  if (words.empty() || words.size() > 2) return refusals::bad_arguments("AUTH mechanism [initial-response]");
  const auto known = mechanisms();
  if (known.empty()) return refusals::authentication_unavailable();
  const auto* const mechanism = frontend::find_mechanism(known, words[0]);
  if (mechanism == nullptr) return refusals::mechanism_unknown();
  if (mechanism->plaintext && !client_.tls && !policy_->cleartext_login()) return refusals::mechanism_needs_tls();
  auto request = auth_request(mechanism->name);
  if (words.size() == 2) {
    request.initial_response = frontend::decode_initial(words[1]);
    if (!request.initial_response) return refusals::authentication_malformed();
  }
  return auth_dialogue(request);
}

auth::Request Session::auth_request(const std::string& mechanism) const {
  const auto* const service = policy_->role() == Role::submission ? "submission" : "smtp";
  return frontend::login_request(service, mechanism, client_, services_.directory);
}

Answer Session::auth_dialogue(const auth::Request& request) {
  const auto said = frontend::converse_sasl(services_.authenticator, request, lines_, "334 ");
  if (const auto* const gave_up = std::get_if<frontend::GaveUp>(&said))
    return gave_up->is_cancelled() ? refusals::authentication_cancelled() : refusals::authentication_malformed();
  const auto& step = std::get<auth::Step>(said);
  if (step.kind != auth::Step::Kind::ok) return not_authenticated(request.mechanism, step);
  sasl_method_ = request.mechanism;
  return authenticated(step);
}

Answer Session::authenticated(const auth::Step& step) {
  if (auto refused = become_user(step.user)) return std::move(*refused);
  services_.logger.info("login", {{"client", client_.address_text()}, {"user", login_}, {"service", to_text(policy_->role())}});
  return smtp::Reply{235, EnhancedStatus{2, 7, 0}, "Authentication succeeded"};
}

// A fixed user (A3) is nobody's account; everybody else must be one, still: whoever it was that checked the password (Dovecot's
// auth service knows users of its own), A11 goes by the account.
std::optional<Answer> Session::become_user(const std::string& user) {
  const auto mailbox = smtp::parse_mailbox(user);
  auto account = mailbox ? services_.directory.find_account(*mailbox) : Result<std::optional<directory::Account>>(std::nullopt);
  if (!account) {
    services_.logger.error("directory-error", {{"reason", account.error().text}});
    return refusals::authentication_unavailable();
  }
  const bool may_log_in = *account ? !(*account)->is_suspended() : policy_->has_fixed_user();
  if (!may_log_in) {
    const char* reason = *account ? "the account is suspended" : "there is no account of that name";
    return not_authenticated(sasl_method_, {auth::Step::Kind::failed, reason, user, false, {}});
  }
  login_ = user;
  account_ = std::move(*account);
  client_changed();
  return std::nullopt;
}

Answer Session::not_authenticated(const std::string& mechanism, const auth::Step& step) {
  frontend::log_failed_login(services_.logger, client_, mechanism, step);
  if (step.temporary) return refusals::authentication_unavailable();
  if (++failed_logins_ >= failed_logins_max)
    return {refusals::too_many_failed_logins(policy_->hostname()), Then::close};
  return refusals::authentication_failed();
}

}  // namespace tubepost::smtpd
