// The AUTHORIZATION state: who is it? USER and PASS (RFC 1939 7), AUTH (RFC 5034), STLS (RFC 2595), and CAPA
// (RFC 2449), which says what of it may be used. Passwords go through to authd and are kept nowhere.
#include <charconv>

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"
#include "frontend/login.h"
#include "popd/session.h"

namespace tubepost::popd {
namespace {

constexpr unsigned failed_logins_max = 3;
constexpr std::string_view service_name = "pop3";

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

pop3::Reply tls_needed() {
  return pop3::error(pop3::Code::auth,
                     "No passwords in clear text: send STLS first, or connect to the TLS port");
}
pop3::Reply login_unavailable() {
  return pop3::error(pop3::Code::temporary, "Logins cannot be checked now, try again later");
}
pop3::Reply mailbox_unavailable() {
  return pop3::error(pop3::Code::temporary, "The mailbox cannot be opened now, try again later");
}

}  // namespace

Answer Session::user(const Line& line) {
  if (!may_send_passwords()) return tls_needed();
  // RFC 1939 13: the answer does not tell whether there is such a user.
  user_name_ = trim(line.arguments);
  return pop3::ok("Send your password");
}

Answer Session::pass(const Line& line) {
  if (!may_send_passwords()) return tls_needed();
  if (user_name_.empty()) return pop3::error(pop3::Code::none, "Send USER first");
  auto request = auth_request("PLAIN");
  request.initial_response = frontend::as_plain(std::exchange(user_name_, {}), line.arguments);
  return log_in(request);
}

// RFC 1939 7: process, clock and host make it unlike every other.
const std::string& Session::new_timestamp() {
  timestamp_ = '<' + base64_encode(random_bytes(15)) + '@' + rules_.hostname + '>';
  return timestamp_;
}

// RFC 1939 7: "APOP name digest". The name may have blanks, the digest has none.
Answer Session::apop(const Line& line) {
  if (timestamp_.empty()) return pop3::error(pop3::Code::none, "APOP is not offered");
  const auto blank = line.arguments.rfind(' ');
  const auto digest =
      blank == std::string_view::npos ? std::nullopt : hex_decode(trim(line.arguments.substr(blank)));
  if (!digest) return pop3::error(pop3::Code::none, "APOP name digest");
  auto request = auth_request("APOP");
  std::string response = timestamp_ + '\0';
  response.append(trim(line.arguments.substr(0, blank))) += '\0';
  request.initial_response = response + *digest;
  return log_in(request);
}

// RFC 6856 2.1. Once a client has said so it stays so.
Answer Session::utf8(const Line&) {
  utf8_ = true;
  return pop3::ok("UTF-8 it is");
}

// RFC 6856 3: i-default is English here, and so is everything.
Answer Session::lang(const Line& line) {
  const auto words = line.words();
  if (words.empty()) {
    lines_ << pop3::ok("Language listing follows").to_wire();
    pop3::MultilineWriter out(lines_);
    out.line("en English");
    out.line("i-default English");
    out.finish();
    return Answer::written();
  }
  for (const std::string_view known : {"en", "i-default", "*"})
    if (equal_ignoring_case(words[0], known)) return pop3::ok("en The texts are English");
  return pop3::error(pop3::Code::none, "There is no other language than English");
}

Answer Session::auth(const Line& line) {
  const auto words = line.words();
  const auto known = mechanisms();
  if (known.empty()) return login_unavailable();
  const auto* const mechanism = frontend::find_mechanism(known, words[0]);
  if (mechanism == nullptr) return pop3::error(pop3::Code::none, "Mechanism not offered");
  if (mechanism->plaintext && !may_send_passwords()) return tls_needed();
  auto request = auth_request(mechanism->name);
  if (words.size() == 2) {
    request.initial_response = frontend::decode_initial(words[1]);
    if (!request.initial_response) return pop3::error(pop3::Code::none, "That is not base64");
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
  const auto* const step = std::get_if<auth::Step>(&said);
  if (step == nullptr) return pop3::error(pop3::Code::none, "Authentication cancelled or not base64");
  if (step->kind != auth::Step::Kind::ok) return not_logged_in(request, *step);
  const auto address = smtp::parse_mailbox(step->user);
  if (!address) return mailbox_unavailable();
  return enter(*address, request.mechanism);
}

Answer Session::not_logged_in(const auth::Request& request, const auth::Step& step) {
  frontend::log_failed_login(services_.logger, client_, request.mechanism, step);
  if (step.temporary) return login_unavailable();
  const auto refused = pop3::error(pop3::Code::auth, "Wrong user name or password");
  return {refused, ++failed_logins_ >= failed_logins_max ? Then::close : Then::go_on};
}

// From here on it is the TRANSACTION state.
pop3::Reply Session::enter(const smtp::Mailbox& address, std::string_view mechanism) {
  const auto complain = [&](const std::string& reason) {
    services_.logger.error("mailbox-unavailable", {{"user", address.to_text()}, {"reason", reason}});
    return mailbox_unavailable();
  };
  const auto account = services_.directory.find_account(address);
  if (!account) return complain(account.error().text);
  if (!*account) return pop3::error(pop3::Code::permanent, "There is no mailbox of that name");
  if ((*account)->is_suspended())
    return pop3::error(pop3::Code::permanent, "This account is suspended");  // D9
  auto maildrop = Maildrop::open(services_.store, (*account)->id);
  if (!maildrop) return complain(maildrop.error().text);
  if (!client_.logs_in((*account)->id)) {
    services_.logger.warning("too-many-connections",
                             {{"client", client_.address_text()}, {"user", address.to_text()}});
    return pop3::error(pop3::Code::temporary, "You have too many connections already");
  }
  maildrop_ = std::move(*maildrop);
  account_name_ = (*account)->address.to_text();
  services_.logger.info("login", {{"client", client_.address_text()},
                                  {"user", account_name_},
                                  {"mechanism", mechanism},
                                  {"tls", client_.tls},
                                  {"messages", maildrop_->last_number()}});
  return pop3::ok(std::to_string(maildrop_->messages()) + " messages, " +
                  std::to_string(maildrop_->octets()) + " octets");
}

Answer Session::stls(const Line&) {
  if (client_.tls) return pop3::error(pop3::Code::none, "TLS is active already");
  if (!services_.tls) return pop3::error(pop3::Code::none, "TLS is not available");
  return {pop3::ok("Begin TLS negotiation"), Then::start_tls};
}

std::string Session::sasl_capability() const {
  if (client_.preauthenticated) return {};
  std::string line = "SASL";
  for (const auto& mechanism : mechanisms())
    if (!mechanism.plaintext || may_send_passwords()) line += ' ' + mechanism.name;
  return line == "SASL" ? std::string() : line;
}

Answer Session::capa(const Line&) {
  lines_ << pop3::ok("Capability list follows").to_wire();
  pop3::MultilineWriter out(lines_);
  for (const std::string_view name :
       {"TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "EXPIRE NEVER", "UTF8 USER", "LANG"})
    out.line(name);
  if (may_send_passwords()) out.line("USER");
  if (const auto sasl = sasl_capability(); !sasl.empty()) out.line(sasl);
  if (services_.tls && !client_.tls && !is_logged_in()) out.line("STLS");
  out.line("IMPLEMENTATION Tubepost");
  out.finish();
  return Answer::written();
}

}  // namespace tubepost::popd
