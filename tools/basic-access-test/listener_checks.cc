#include "basic-access-test/listener_checks.h"

#include "base/text.h"

namespace tubepost::basic_access_test {
namespace {

std::string with_record(const std::string& text, const MailSession& session) {
  const std::string record = session.record();
  return record.empty() ? text : text + '\n' + record;
}

void check_greeting_name(const Context& context, const std::string& greeting, const std::string& subject,
                         Findings& findings) {
  const std::string& host = context.target.host;
  if (net::IpAddress::parse(host))
    findings.skip("local-greeting-name", subject, "the server was named by its address");
  else if (names_host(greeting, host))
    findings.ok("local-greeting-name", subject, greeting);
  else
    findings.warn("local-greeting-name", subject, "asked for " + host + ", greeted by: " + greeting);
}

// True: TLS is on.
bool check_offered_tls(MailSession& session, const Offer& offer, const std::string& subject,
                       Findings& findings) {
  if (!offer.starttls) {
    findings.fail("local-tls", subject, with_record("TLS is not offered", session));
    return false;
  }
  const auto begun = session.begin_tls();
  if (!begun) {
    findings.fail("local-tls", subject, with_record(begun.error().text, session));
    return false;
  }
  return true;
}

void say_tls(const MailSession& session, const std::string& subject, Findings& findings) {
  findings.ok("local-tls", subject, session.inspection()->protocol + ' ' + session.inspection()->cipher);
}

void check_clear_offer(const Offer& offer, const MailSession& session, const std::string& subject,
                       Findings& findings) {
  const std::string offered = "before TLS: " + offer.text();
  if (!offer.takes_clear_passwords()) return findings.ok("local-auth-clear", subject, offered);
  findings.fail("local-auth-clear", subject, with_record(offered, session));
}

void check_logins(const Context& context, MailSession& session, const Offer& offer,
                  const std::string& subject, Findings& findings) {
  const std::string offered = "under TLS: " + offer.text();
  if (offer.mechanisms.empty() && !offer.plain_login)
    return findings.fail("local-auth", subject, with_record(offered, session));
  findings.ok("local-auth", subject, offered);
  const auto& account = context.options.account;
  if (!account || account->password.empty()) return;
  const auto in = session.login(*account);
  if (in)
    findings.ok("local-login", subject, account->address + " by " + session.mechanism());
  else
    findings.fail("local-login", subject, with_record(in.error().text, session));
}

std::string names_of(const tls::CertificateFacts& certificate) {
  return certificate.names.empty() ? "no name" : join(certificate.names, ", ");
}

void check_times(const Context& context, const tls::Inspection& seen, const std::string& subject,
                 Findings& findings) {
  constexpr std::chrono::hours warning_time{14 * 24};
  const Timestamp now = context.clock.now();
  for (const tls::CertificateFacts& certificate : seen.chain) {
    const std::string dates = certificate.subject + ": from " + to_rfc3339(certificate.not_before) + " to " +
                              to_rfc3339(certificate.not_after);
    if (now >= certificate.not_after)
      return findings.fail("local-certificate-time", subject, "expired\n" + dates);
    if (now < certificate.not_before)
      return findings.fail(
          "local-certificate-time", subject, "not valid yet\n" + dates,
          "Set the clock of this machine or of the server, or wait until the certificate is valid.");
    if (now + warning_time >= certificate.not_after)
      return findings.warn("local-certificate-time", subject, "expires soon\n" + dates);
  }
  findings.ok("local-certificate-time", subject, "until " + to_rfc3339(seen.chain.front().not_after));
}

void check_key(const tls::CertificateFacts& certificate, const std::string& subject, Findings& findings) {
  constexpr unsigned rsa_least = 2048, curve_least = 224;
  const std::string key =
      certificate.key + ' ' + std::to_string(certificate.key_bits) + ", " + certificate.signature;
  const bool rsa = certificate.key.starts_with("RSA");
  const bool short_key = certificate.key_bits < (rsa ? rsa_least : curve_least);
  const std::string signature = to_lower(certificate.signature);
  const bool old_hash =
      signature.find("md5") != std::string::npos || signature.find("sha1") != std::string::npos;
  if (short_key || old_hash) return findings.fail("local-certificate-key", subject, key);
  findings.ok("local-certificate-key", subject, key);
}

}  // namespace

SessionWishes wishes_for(const Context& context) {
  SessionWishes wishes;
  wishes.host = context.target.host;
  wishes.ca_file = context.settings->text("tls.ca-file");
  wishes.hello = own_hostname(*context.settings);
  return wishes;
}

bool names_host(std::string_view greeting, std::string_view host) {
  const auto words = split_words(greeting);
  return !words.empty() && equal_ignoring_case(words.front(), host);
}

void check_certificate(const Context& context, const tls::Inspection& seen, const std::string& subject,
                       Findings& findings) {
  if (seen.chain.empty()) return findings.fail("local-certificate-chain", subject, seen.distrust);
  const tls::CertificateFacts& own = seen.chain.front();
  std::string chain;
  for (const tls::CertificateFacts& certificate : seen.chain)
    chain += certificate.subject + ", by " + certificate.issuer + '\n';
  if (seen.distrust.empty())
    findings.ok("local-certificate-chain", subject, chain);
  else if (own.self_signed)  // as a new instance has it: known, and no fault of the chain
    findings.warn("local-certificate-chain", subject, seen.distrust + '\n' + chain);
  else
    findings.fail("local-certificate-chain", subject, seen.distrust + '\n' + chain);
  const std::string names = "asked for " + context.target.host + ", it is for " + names_of(own);
  if (seen.name_matches)
    findings.ok("local-certificate-name", subject, names);
  else
    findings.fail("local-certificate-name", subject, names);
  check_times(context, seen, subject, findings);
  check_key(own, subject, findings);
}

void check_listener(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                    const std::string& subject, Findings& findings) {
  MailSession session(kind, endpoint, wishes_for(context));
  const auto connected = session.connect();
  if (!connected && !session.is_connected())
    return findings.fail("local-connect", subject, connected.error().text);
  findings.ok("local-connect", subject, "connected");
  if (!connected) return findings.fail("local-tls", subject, with_record(connected.error().text, session));
  const auto greeting = session.greet();
  if (!greeting) return findings.fail("local-greeting", subject, with_record(greeting.error().text, session));
  findings.ok("local-greeting", subject, *greeting);
  if (kind.protocol == Protocol::smtp) check_greeting_name(context, *greeting, subject, findings);
  auto offer = session.ask_offer();
  if (!offer) return findings.fail("local-greeting", subject, with_record(offer.error().text, session));
  if (!kind.tls_first) {
    check_clear_offer(*offer, session, subject, findings);
    if (!check_offered_tls(session, *offer, subject, findings)) return session.bye();
  }
  say_tls(session, subject, findings);
  check_certificate(context, *session.inspection(), subject, findings);
  if (kind.for_users) {
    if (!kind.tls_first) offer = session.ask_offer();
    if (!offer) return findings.fail("local-auth", subject, with_record(offer.error().text, session));
    check_logins(context, session, *offer, subject, findings);
  }
  session.bye();
}

}  // namespace tubepost::basic_access_test
