#include "authd/service.h"

#include "authd/token_command.h"
#include "base/text.h"

namespace tubepost::authd {

using auth::dovecot::AuthRequest;

namespace {

constexpr std::size_t logged_name_max = 100;

std::string logged(std::string_view user) { return printable(user, logged_name_max); }

Attempt attempt_of(const AuthRequest& request, const std::string& account) {
  return {request.no_penalty ? std::string() : Throttle::network_of(request.remote_address), account};
}

}  // namespace

// A password on its way through the pool. Shared, because std::function wants jobs that can be copied.
struct Service::Check {
  AuthRequest request;
  auth::CheckPassword login;
  Candidate candidate;
  std::string crypt, digest;
  Answered answered;
};

struct Service::TokenCheck {
  AuthRequest request;
  auth::CheckToken login;
  std::shared_ptr<auth::SaslServer> mechanism;
  Answered answered;
};

Service::Service(const directory::Directory& directory, const auth::Secrets& secrets,
                 config::LiveSettings& settings, const Clock& clock, const log::Logger& logger)
    : users_(directory, secrets, settings, logger),
      settings_(settings),
      logger_(logger),
      throttle_(clock),
      verified_(clock),
      pool_(settings.current()->number("authd.hashes"), settings.current()->number("authd.queue-max")) {}

std::vector<auth::dovecot::Mechanism> Service::mechanisms() const {
  std::vector<auth::dovecot::Mechanism> offered;
  for (const auto& word : settings_.current()->list("authd.mechanisms"))
    if (const auto* known = auth::find_mechanism(word))
      offered.push_back({std::string(known->name), known->plaintext, known->internal || known->channel_binding,
                         known->channel_binding});
  return offered;
}

bool Service::offers(std::string_view mechanism) const {
  const auto offered = mechanisms();
  return std::any_of(offered.begin(), offered.end(),
                     [&](const auto& each) { return equal_ignoring_case(each.name, mechanism); });
}

std::unique_ptr<Conversation> Service::begin(AuthRequest request) {
  if (!offers(request.mechanism)) return nullptr;
  return std::unique_ptr<Conversation>(
      new Conversation(*this, std::move(request)));  // the constructor is private
}

ThrottleRules Service::rules() const {
  const auto settings = settings_.current();
  return {static_cast<unsigned>(settings->number("authd.failures-max")),
          settings->duration("authd.failures-window"), settings->duration("authd.failure-delay")};
}

// The user, unless there was too much guessing. Both are asked before any password is looked at.
Result<Candidate> Service::admit(const AuthRequest& request, const std::string& user) {
  auto candidate = users_.find(request, user);
  if (!candidate) {
    logger_.error("login-undecided", {{"user", logged(user)}, {"reason", candidate.error().text}});
    return Failure::temporary("the accounts cannot be read");
  }
  if (throttle_.refuses(rules(), attempt_of(request, candidate->name)))
    return Failure::temporary("too many failed logins");
  return candidate;
}

void Service::check_password(const AuthRequest& request, auth::CheckPassword login,
                             const Answered& answered) {
  auto candidate = admit(request, login.user);
  if (!candidate) return refuse(request, login.user, candidate.error(), answered);
  // Nobody's password is hashed as well, so that the time an answer takes does not tell who exists.
  std::string crypt = candidate->verifiers ? candidate->verifiers->crypt : users_.decoy(*candidate).crypt;
  std::string digest = verified_.digest(crypt, login.password.view());
  if (verified_.knows(candidate->name, digest)) return succeed(request, *candidate, answered);
  auto check = std::make_shared<Check>(
      Check{request, std::move(login), std::move(*candidate), std::move(crypt), std::move(digest), answered});
  if (!pool_.submit([this, check] { hash(check); }))
    refuse(request, check->login.user, Failure::temporary("too many logins wait"), answered);
}

void Service::hash(const std::shared_ptr<Check>& check) {
  const bool right = auth::matches(check->crypt, check->login.password.view()) && check->candidate.verifiers;
  if (!right) {
    const char* reason = check->candidate.verifiers ? "wrong password" : "unknown user";
    return fail(check->request, check->candidate.name, reason, check->digest, check->answered);
  }
  const auto remember =
      std::chrono::duration_cast<Milliseconds>(settings_.current()->duration("authd.remember"));
  if (remember.count() > 0) verified_.remember(check->candidate.name, check->digest, remember);
  succeed(check->request, check->candidate, check->answered);
}

void Service::check_token(const AuthRequest& request, auth::CheckToken login,
                          std::shared_ptr<auth::SaslServer> mechanism, const Answered& answered) {
  const std::string user = login.user;
  auto check =
      std::make_shared<TokenCheck>(TokenCheck{request, std::move(login), std::move(mechanism), answered});
  if (!pool_.submit([this, check] { ask_about(check); }))
    refuse(request, user, Failure::temporary("too many logins wait"), answered);
}

// In the pool: the command may take its time, and no more than some run at once.
void Service::ask_about(const std::shared_ptr<TokenCheck>& check) {
  const auto& [request, login, mechanism, answered] = *check;
  const auto settings = settings_.current();
  const auto command = split_command(settings->text("authd.token-command"));
  if (!command || command->empty())
    return refuse(request, login.user, Failure::temporary("authd.token-command is not set"), answered);
  if (throttle_.refuses(rules(), attempt_of(request, login.user)))
    return refuse(request, login.user, Failure::temporary("too many failed logins"), answered);
  const auto verdict = authd::check_token(*command, login.user, login.token.view(),
                                          settings->duration("authd.token-timeout"));
  if (!verdict) return refuse(request, login.user, verdict.error(), answered);
  if (!verdict->good) {
    (void)throttle_.failed(rules(), attempt_of(request, login.user), verified_.digest("token", login.token.view()));
    return answered(auth::dovecot::Continue{request.id, mechanism->token_refused()}, {});
  }
  auto candidate = users_.find(request, verdict->user);
  if (!candidate) return refuse(request, verdict->user, candidate.error(), answered);
  if (candidate->account == 0) return fail(request, verdict->user, "the token is good, the account unknown", {}, answered);
  succeed(request, *candidate, answered);
}

// One form for every end of a login, in which fail2ban finds its client (authd.8).
void Service::note(log::Level level, std::string_view event, const AuthRequest& request,
                   const std::string& user, const std::string& reason) const {
  logger_.event(level, event,
                {{"client", printable(request.remote_address, 64)},
                 {"user", logged(user)},
                 {"for", logged(request.service)},
                 {"mechanism", request.mechanism},
                 {"secured", request.secured},
                 {"reason", reason}});
}

void Service::succeed(const AuthRequest& request, const Candidate& candidate, const Answered& answered) {
  throttle_.succeeded(attempt_of(request, candidate.name));
  if (candidate.suspended) {  // D9. Said only to who knows the password.
    note(log::Level::warning, "login-failed", request, candidate.name, "the account is suspended");
    return answered(
        auth::dovecot::Fail{request.id, candidate.name, "Account is suspended", "user_disabled", false}, {});
  }
  note(log::Level::info, "login", request, candidate.name, "verified");
  answered(auth::dovecot::Ok{request.id, candidate.name}, {});
}

// `user` empty: the exchange never came to a user; a broken message is nobody's guess.
void Service::fail(const AuthRequest& request, const std::string& user, std::string reason,
                   const std::string& guess, const Answered& answered) {
  const auto delay =
      user.empty() ? Milliseconds(0) : throttle_.failed(rules(), attempt_of(request, user), guess);
  note(log::Level::warning, "login-failed", request, user, reason);
  answered(auth::dovecot::Fail{request.id, user, {}, {}, false}, delay);
}

void Service::refuse(const AuthRequest& request, const std::string& user, const Failure& failure,
                     const Answered& answered) {
  note(log::Level::warning, "login-refused", request, user, failure.text);
  answered(auth::dovecot::Fail{request.id, user, failure.text, "temp_fail", true}, {});
}

Conversation::Conversation(Service& service, AuthRequest request)
    : service_(service), request_(std::move(request)) {
  auth::SaslLookups lookups;
  lookups.scram = [this](const std::string& user) { return look_up(user); };
  lookups.legacy = [this](const std::string& user) { return look_up_legacy(user); };
  lookups.hostname = service_.settings_.current()->text("server.hostname");
  // Only where this very mechanism could have been chosen with -PLUS is its absence a downgrade.
  lookups.plus_offered = request_.plus_offered && service_.offers(to_upper(request_.mechanism) + "-PLUS");
  mechanism_ = auth::make_sasl_server(request_.mechanism, std::move(lookups));
}

Result<const Candidate*> Conversation::find(const std::string& user) {
  auto candidate = service_.admit(request_, user);
  if (!candidate) return std::move(candidate).error();
  return &candidate_.emplace(std::move(*candidate));
}

Result<auth::ScramVerifier> Conversation::look_up(const std::string& user) {
  const auto candidate = find(user);
  if (!candidate) return candidate.error();
  const bool sha1 = starts_with_ignoring_case(request_.mechanism, "SCRAM-SHA-1");
  const auto member = sha1 ? &auth::Verifiers::scram_sha1 : &auth::Verifiers::scram;
  const auto& verifiers = (*candidate)->verifiers;
  if (verifiers && (*verifiers).*member) return *((*verifiers).*member);
  return *(service_.users_.decoy(**candidate).*member);
}

Result<std::string> Conversation::look_up_legacy(const std::string& user) {
  const auto candidate = find(user);
  if (!candidate) return candidate.error();
  const auto kind = equal_ignoring_case(request_.mechanism, "NTLM")   ? auth::Legacy::ntlm
                    : equal_ignoring_case(request_.mechanism, "APOP") ? auth::Legacy::apop
                                                                      : auth::Legacy::cram_md5;
  return service_.users_.legacy_secret(**candidate, kind);
}

bool Conversation::step(std::optional<std::string_view> response, const Answered& answered) {
  return take(mechanism_->step(response), answered);
}

bool Conversation::bind(std::string_view data, const Answered& answered) {
  return take(mechanism_->bind(data), answered);
}

bool Conversation::take(auth::SaslStep next, const Answered& answered) {
  if (auto* challenge = std::get_if<auth::Challenge>(&next)) {
    answered(auth::dovecot::Continue{request_.id, std::move(challenge->text)}, {});
    return false;
  }
  if (auto* question = std::get_if<auth::AskBinding>(&next)) {
    answered(auth::dovecot::Continue{request_.id, {}, std::move(question->type)}, {});
    return false;
  }
  if (auto* login = std::get_if<auth::CheckToken>(&next)) {
    service_.check_token(request_, std::move(*login), mechanism_, answered);
    return false;
  }
  const std::string user = candidate_ ? candidate_->name : std::string();
  const auto* refused = std::get_if<auth::Refused>(&next);
  if (auto* login = std::get_if<auth::CheckPassword>(&next))
    service_.check_password(request_, std::move(*login), answered);
  else if (std::holds_alternative<auth::Proved>(next) && candidate_)
    service_.succeed(request_, *candidate_, answered);
  else if (refused && refused->temporary)
    service_.refuse(request_, user, Failure::temporary(refused->reason), answered);
  else
    service_.fail(request_, user, refused ? refused->reason : "no user", {}, answered);
  return true;
}

}  // namespace tubepost::authd
