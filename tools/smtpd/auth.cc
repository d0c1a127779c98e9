// AUTH, RFC 4954: a dialogue of its own, which reads its next line in place.
#include "base/base64.h"
#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

// RFC 4954 4.: base64 lines of 12,288 octets must be taken.
constexpr std::size_t auth_line_max = 12'288;
constexpr unsigned failed_logins_max = 3;

smtp::Reply challenge(std::string_view text) { return {334, std::nullopt, base64_encode(text)}; }

// RFC 4954 4: "=" is an initial response that is empty.
std::optional<std::string> decode(std::string_view text) {
  return text == "=" ? std::optional(std::string()) : base64_decode(text);
}

}  // namespace

std::optional<smtp::Reply> Session::auth_guard() const {
  if (!policy_->offers_authentication()) return refusals::authentication_not_offered();
  if (!login_.empty()) return refusals::already_authenticated();
  return std::nullopt;
}

std::vector<auth::MechanismInfo> Session::mechanisms() const {
  auto known = services_.authenticator.mechanisms();
  if (!known) {
    services_.logger.warning("auth-unavailable", {{"reason", known.error().text}});
    return {};
  }
  std::vector<auth::MechanismInfo> usable;
  for (auto& mechanism : *known)
    // RFC 5802 6: -PLUS only where there is something to bind to.
    if (!mechanism.channel_binding || has_channel_binding()) usable.push_back(std::move(mechanism));
  return usable;
}

bool Session::has_channel_binding() const {
  return client_.tls && !(client_.tls_info.tls_exporter.empty() && client_.tls_info.server_end_point.empty());
}

Answer Session::auth(std::string_view arguments) {
  if (auto refused = auth_guard()) return std::move(*refused);
  if (transaction_) return refusals::authentication_in_transaction();
  const auto words = split_words(arguments);
  if (words.empty() || words.size() > 2) return refusals::bad_arguments("AUTH mechanism [initial-response]");
  const auto offered = mechanisms();
  if (offered.empty()) return refusals::authentication_unavailable();
  const auto mechanism = std::find_if(offered.begin(), offered.end(), [&](const auth::MechanismInfo& each) {
    return equal_ignoring_case(each.name, words[0]);
  });
  if (mechanism == offered.end()) return refusals::mechanism_unknown();
  if (mechanism->plaintext && !client_.tls && !policy_->cleartext_login()) return refusals::mechanism_needs_tls();
  auto request = auth_request(mechanism->name);
  if (words.size() == 2) {
    request.initial_response = decode(words[1]);
    if (!request.initial_response) return refusals::authentication_malformed();
  }
  return auth_dialogue(request);
}

auth::Request Session::auth_request(const std::string& mechanism) const {
  auth::Request request;
  request.service = policy_->role() == Role::submission ? "submission" : "smtp";
  request.mechanism = mechanism;
  request.secured = client_.tls;
  if (client_.address) request.client_address = client_.address->address.to_text();
  if (client_.local) {
    request.local_address = client_.local->address.to_text();
    // A10: the domain bound to our address names those who log in without one.
    if (auto domain = services_.directory.default_domain(request.local_address)) request.default_domain = std::move(*domain);
  }
  if (client_.tls) {
    request.tls_exporter = client_.tls_info.tls_exporter;
    request.tls_server_end_point = client_.tls_info.server_end_point;
  }
  return request;
}

Answer Session::auth_dialogue(const auth::Request& request) {
  auto [step, exchange] = services_.authenticator.begin(request);
  while (step.kind == auth::Step::Kind::challenge && exchange) {
    send(challenge(step.text));
    const auto line = lines_.read_line(auth_line_max);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected{};
    const bool cancelled = line.text == "*";
    const auto response = decode(line.text);
    if (cancelled || !response || line.kind == net::LineStream::Line::Kind::too_long) {
      exchange->cancel();
      return cancelled ? refusals::authentication_cancelled() : refusals::authentication_malformed();
    }
    step = exchange->step(*response);
  }
  if (step.kind == auth::Step::Kind::ok) sasl_method_ = request.mechanism;
  return step.kind == auth::Step::Kind::ok ? authenticated(step) : not_authenticated(request.mechanism, step);
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
  services_.logger.warning("login-failed", {{"client", client_.address_text()},
                                            {"mechanism", mechanism},
                                            {"temporary", step.temporary},
                                            {"reason", step.text}});
  if (step.temporary) return refusals::authentication_unavailable();
  if (++failed_logins_ >= failed_logins_max)
    return {refusals::too_many_failed_logins(policy_->hostname()), Then::close};
  return refusals::authentication_failed();
}

}  // namespace tubepost::smtpd
