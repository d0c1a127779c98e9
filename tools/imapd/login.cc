// Who is it? LOGIN, AUTHENTICATE (RFC 9051 6.2), STARTTLS, and the ways out. Initial responses are those of RFC 4959.
// Passwords go through to authd and are kept nowhere.
#include "frontend/login.h"

#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr unsigned failed_logins_max = 3;
constexpr std::string_view service_name = "imap";

imap::Reply tls_needed() {
  return imap::no(imap::code::privacy_required,
                  "No passwords in clear text: send STARTTLS first, or connect to the TLS port");
}
imap::Reply login_unavailable() {
  return imap::no(imap::code::unavailable, "Logins cannot be checked now, try again later");
}
imap::Reply too_many_connections() {
  return imap::no(imap::code::limit, "You have too many connections already");
}
imap::Reply mailbox_unavailable() {
  return imap::no(imap::code::unavailable, "The mailboxes cannot be opened now, try again later");
}

}  // namespace

Answer Session::login(Call& call) {
  const auto user = call.args.expect_astring();
  call.args.expect_space();
  const auto password = call.args.expect_astring();
  call.args.expect_end();
  if (!may_send_passwords()) return tls_needed();
  if (call.args.failed()) return syntax_error(call.args);
  if (user.find('\0') != std::string::npos) return imap::bad("A NUL in a name");
  auto request = auth_request("PLAIN");
  request.initial_response = frontend::as_plain(user, password);
  return log_in(request);
}

Answer Session::authenticate(Call& call) {
  const std::string name(call.args.expect_atom());
  std::optional<std::string_view> initial;
  if (call.args.take(' ')) initial = call.args.rest();
  if (call.args.failed() || (!initial && !call.args.at_end())) return syntax_error(call.args);
  const auto known = mechanisms();
  if (known.empty()) return login_unavailable();
  const auto* const mechanism = frontend::find_mechanism(known, name);
  if (mechanism == nullptr) return imap::no(imap::code::cannot, "Mechanism not offered");
  if (mechanism->plaintext && !may_send_passwords()) return tls_needed();
  auto request = auth_request(mechanism->name);
  if (initial) {
    request.initial_response = frontend::decode_initial(*initial);
    if (!request.initial_response) return imap::bad("That is not base64");
  }
  return log_in(request);
}

auth::Request Session::auth_request(std::string mechanism) const {
  return frontend::login_request(service_name, std::move(mechanism), client_, services_.directory);
}

std::vector<auth::MechanismInfo> Session::mechanisms() const {
  return frontend::known_mechanisms(services_.authenticator, client_, services_.logger);
}

Answer Session::log_in(const auth::Request& request) {
  const auto said = frontend::converse_sasl(services_.authenticator, request, lines_, "+ ");
  if (const auto* const gave_up = std::get_if<frontend::GaveUp>(&said)) {
    reader_.look_at_end(gave_up->said);
    return imap::bad("Authentication cancelled, or not base64");
  }
  const auto& step = std::get<auth::Step>(said);
  if (step.kind != auth::Step::Kind::ok) return not_logged_in(request, step);
  const auto address = smtp::parse_mailbox(step.user);
  return address ? enter(*address, request.mechanism) : mailbox_unavailable();
}

Answer Session::not_logged_in(const auth::Request& request, const auth::Step& step) {
  frontend::log_failed_login(services_.logger, client_, request.mechanism, step);
  if (step.temporary) return login_unavailable();
  const auto refused = imap::no(imap::code::authentication_failed, "Wrong user name or password");
  if (++failed_logins_ < failed_logins_max) return refused;
  lines_ << "* BYE Too many failed logins\r\n";
  return {refused, Then::close};
}

// From here on it is the authenticated state.
imap::Reply Session::enter(const smtp::Mailbox& address, std::string_view mechanism) {
  const auto complain = [&](const std::string& reason) {
    services_.logger.error("mailbox-unavailable", {{"user", address.to_text()}, {"reason", reason}});
    return mailbox_unavailable();
  };
  auto account = services_.directory.find_account(address);
  if (!account) return complain(account.error().text);
  if (!*account) return imap::no(imap::code::nonexistent, "There is no mailbox of that name");
  if ((*account)->is_suspended()) return imap::no("CONTACTADMIN", "This account is suspended");  // D9
  if (auto provisioned = services_.store.provision((*account)->id); !provisioned)
    return complain(provisioned.error().text);
  if (!client_.logs_in((*account)->id)) {
    services_.logger.warning("too-many-connections",
                             {{"client", client_.address_text()}, {"user", address.to_text()}});
    return too_many_connections();
  }
  account_ = std::move(**account);
  access_.emplace(services_.store, services_.directory, *account_, rules_.shared_account);
  stream_->set_time_limit(rules_.idle_timeout);
  services_.logger.info("login", {{"client", client_.address_text()},
                                  {"user", account_->address.to_text()},
                                  {"mechanism", mechanism},
                                  {"tls", client_.tls}});
  return imap::ok("CAPABILITY " + capabilities(), "Logged in");
}

Answer Session::starttls(Call&) {
  if (client_.tls) return imap::bad("TLS is active already");
  if (!services_.tls) return imap::no(imap::code::cannot, "TLS is not available");
  return {imap::ok("Begin TLS negotiation"), Then::start_tls};
}

// RFC 8437: back to where a connection begins, but for TLS and compression.
Answer Session::unauthenticate(Call&) {
  if (client_.preauthenticated) return imap::no(imap::code::cannot, "This connection has one user");
  log_end("unauthenticate");
  deselect();
  access_.reset();
  account_.reset();
  client_.logs_in(0);
  rev2_ = utf8_ = condstore_ = qresync_ = uid_only_ = false;
  notify_.reset();
  stream_->set_time_limit(login_limit);
  return imap::ok("CAPABILITY " + capabilities(), "Nobody is logged in now");
}

Answer Session::logout(Call&) {
  lines_ << "* BYE Goodbye\r\n";
  return {imap::ok("Logged out"), Then::close};
}

}  // namespace tubepost::imapd
