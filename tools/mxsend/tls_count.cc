#include "mxsend/tls_count.h"

#include "dns/name.h"
#include "relay/tls_sessions.h"

namespace tubepost::mxsend {
namespace {

relay::TlsSession session_of(const std::string& domain, const mailauth::Published& published) {
  relay::TlsSession session;
  session.domain = dns::to_ascii(domain).value_or(domain);
  session.policy = published.type.empty() ? std::string(relay::no_policy) : published.type;
  session.policy_text = published.text;
  return session;
}

void note(const Courier::Parts& parts, const relay::TlsSession& session) {
  parts.logger.info("tls-session", {{"domain", session.domain},
                                    {"host", session.host},
                                    {"policy", session.policy},
                                    {"result", session.result}});
  // Where there is no instance nobody reports.
  if (const auto noted = relay::note(parts.options.tls_counts_folder, session, parts.clock.now()); !noted)
    parts.logger.debug("tls-session-not-counted", {{"reason", noted.error().text}});
}

void set_result(relay::TlsSession& session, const Setback& setback) {
  session.result = tls_result_of(setback.tls_trouble);
  session.reason = setback.tls_trouble;
  session.local = setback.local;
}

void set_result(relay::TlsSession& session, const Connection& connection) {
  session.local = connection.local();
  session.result = relay::tls_success;
  const Peer& peer = connection.peer();
  if (!peer.tls_trouble.empty()) {
    session.result = tls_result_of(peer.tls_trouble);
    session.reason = peer.tls_trouble;
  } else if (connection.tls_text().empty()) {
    session.result = "starttls-not-supported";
  } else if (peer.policy.level == mailauth::TlsPolicy::Level::dane && !connection.is_verified()) {
    // RFC 7672 2.2: then TLS is demanded and no certificate.
    session.result = "tlsa-invalid";
    session.reason = "no TLSA record is usable";
  }
}

}  // namespace

std::string_view tls_result_of(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"STARTTLS", "starttls-not-supported"},     {"expired", "certificate-expired"},
      {"mismatch", "certificate-host-mismatch"},  {"self-signed", "certificate-not-trusted"},
      {"self signed", "certificate-not-trusted"}, {"issuer", "certificate-not-trusted"}};
  for (const auto& [words, result] : known)
    if (text.find(words) != std::string_view::npos) return result;
  return "validation-failure";
}

void count_session(const Courier::Parts& parts, const std::string& domain, const Peer& peer,
                   const Connection::Opened& opened) {
  const auto* setback = std::get_if<Setback>(&opened);
  if (!peer.policy.published || (setback && setback->trouble != relay::Trouble::tls)) return;
  auto session = session_of(domain, *peer.policy.published);
  session.host = peer.name;
  session.address = peer.endpoint.address.to_text();
  setback ? set_result(session, *setback)
          : set_result(session, *std::get<std::unique_ptr<Connection>>(opened));
  const auto& problem = peer.policy.published->problem;
  const bool is_all =
      !problem.empty() && session.policy == "sts";  // the host is not one of a policy that is tested
  if (!is_all) note(parts, session);
  // 4: counts of failures may overlap.
  if (problem.empty()) return;
  if (!is_all) session.policy_text.clear();  // it is of DANE: this one could not be had
  session.policy = "sts";
  session.result = problem;
  session.reason.clear();
  note(parts, session);
}

void count_passed_over(const Courier::Parts& parts, const std::string& domain, const Setback& passed) {
  if (!passed.published) return;
  auto session = session_of(domain, *passed.published);
  session.host = passed.host;
  session.result = passed.published->type == "tlsa" ? "dnssec-invalid" : "validation-failure";
  session.reason = passed.failure.text;
  note(parts, session);
}

}  // namespace tubepost::mxsend
