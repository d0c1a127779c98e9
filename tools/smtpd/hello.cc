// EHLO, HELO (RFC 5321 4.1.1.1) and STARTTLS (RFC 3207).
#include "base/text.h"
#include "smtp/mailbox.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {

// RFC 2033 4.1: LHLO in place of both, and in no other role.
Answer Session::ehlo(std::string_view arguments) {
  return policy_->role() == Role::lmtp ? Answer(refusals::unknown_command()) : hello(arguments, true);
}
Answer Session::helo(std::string_view arguments) {
  return policy_->role() == Role::lmtp ? Answer(refusals::unknown_command()) : hello(arguments, false);
}
Answer Session::lhlo(std::string_view arguments) {
  return policy_->role() == Role::lmtp ? hello(arguments, true) : Answer(refusals::unknown_command());
}

Answer Session::hello(std::string_view arguments, bool extended) {
  // RFC 5321 4.1.4: a server must not refuse a name for failing verification; what is no name at all is a syntax error.
  const auto name = trim(arguments);
  constexpr std::size_t name_max = smtp::domain_max;
  if (name.empty() || name.size() > name_max || name.find_first_of(" \t<>\"") != std::string_view::npos ||
      printable(name, name_max) != name)
    return refusals::bad_hello();
  helo_ = name;
  extended_ = extended;
  transaction_.reset();  // RFC 5321 4.1.4: EHLO clears all buffers as RSET does
  std::string first = policy_->hostname() + (extended ? " greets " : " ") + helo_;
  // RFC 2034 4: no enhanced codes in the replies to EHLO and HELO.
  if (!extended) return smtp::Reply{250, std::nullopt, first};
  auto lines = keywords();
  lines.insert(lines.begin(), std::move(first));
  return smtp::Reply{250, std::nullopt, std::move(lines)};
}

std::vector<std::string> Session::keywords() {
  constexpr std::size_t usual = 16;
  std::vector<std::string> lines;
  lines.reserve(usual);
  lines.emplace_back("PIPELINING");
  lines.push_back("SIZE " + std::to_string(policy_->message_size_max()));
  for (const char* word : {"8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN"})
    lines.emplace_back(word);
  lines.push_back("LIMITS MAILMAX=" + std::to_string(policy_->messages_max()) +
                  " RCPTMAX=" + std::to_string(policy_->recipients_max()));  // RFC 9422
  if (offers_etrn()) lines.push_back("ETRN");
  if (client_.tls) lines.push_back("REQUIRETLS");  // RFC 8689 2: only under TLS
  if (offers_timed_delivery()) {
    auto latest = to_rfc3339(services_.clock.now() + hold_max);
    latest.replace(latest.find('.'), 4, "");  // RFC 4865 3: no fraction of a second
    lines.push_back("FUTURERELEASE " + std::to_string(hold_max.count()) + ' ' + latest);
    lines.push_back("DELIVERBY");
  }
  // For sendmail, whose user may not read the directory: what a name without a domain means.
  if (policy_->role() == Role::local)
    if (const auto primary = services_.directory.primary_domain(); primary && !primary->empty())
      lines.push_back("XPRIMARYDOMAIN " + smtp::encode_xtext(*primary));
  if (may_speak_for_others_) lines.push_back("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT REVERSE_NAME");
  if (services_.tls && !client_.tls) lines.push_back("STARTTLS");
  if (auto keyword = authentication_keyword(); !keyword.empty()) lines.push_back(std::move(keyword));
  return lines;
}

bool Session::offers_etrn() const { return policy_->role() == Role::mx; }

std::string Session::authentication_keyword() {
  if (auth_guard()) return {};
  std::string line = "AUTH";
  for (const auto& mechanism : mechanisms())
    if (!mechanism.plaintext || client_.tls || policy_->cleartext_login()) line += ' ' + mechanism.name;
  return line == "AUTH" ? std::string() : line;
}

Answer Session::starttls(std::string_view) {
  if (client_.tls) return refusals::tls_already_active();
  if (!services_.tls) return refusals::unknown_command();
  return {smtp::Reply{220, EnhancedStatus{2, 0, 0}, "Ready to start TLS"}, Then::start_tls};
}

bool Session::start_tls() {
  tls_stream_ =
      frontend::start_tls(services_.tls.get(), *stream_, lines_, client_, policy_->idle_timeout(), services_.logger);
  if (!tls_stream_) return false;
  forget_session();  // RFC 3207 4.2: everything learned before
  return true;
}

void Session::forget_session() {
  helo_.clear();
  extended_ = false;
  account_.reset();
  login_.clear();
  sasl_method_.clear();
  transaction_.reset();
  client_changed();
}

}  // namespace tubepost::smtpd
