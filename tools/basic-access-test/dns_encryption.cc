// What lets senders demand TLS of the domain's hosts: MTA-STS, DANE, reports, CAA.
#include "base/text.h"
#include "basic-access-test/dns_checks.h"
#include "mailauth/caa.h"
#include "mailauth/sts_source.h"
#include "mailauth/tls_policy.h"
#include "mailauth/tls_report.h"
#include "net/fd_stream.h"
#include "smtp/client.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::seconds handshake_answer_limit{15};
constexpr std::chrono::hours policy_age_least{24};  // RFC 8461 3.2: weeks are meant

// ---- MTA-STS

std::string hosts_not_allowed(const Context& context, const std::string& domain,
                              const mailauth::StsPolicy& policy) {
  std::vector<std::string> missing;
  for (const auto& mx : context.resolver.mx(domain).records)
    if (mx.host != "." && !policy.allows(mx.host)) missing.push_back(mx.host);
  return join(missing, ", ");
}

void judge_policy(const Context& context, const std::string& domain, const std::string& text,
                  Findings& findings) {
  const auto policy = mailauth::parse_sts_policy(text);
  if (!policy) return findings.fail("dns-mta-sts", domain, printable(text, 400) + '\n' + policy.error().text);
  if (policy->mode == mailauth::StsPolicy::Mode::none)
    return findings.warn("dns-mta-sts", domain, text + "\nmode: none asks nothing of senders");
  if (const auto missing = hosts_not_allowed(context, domain, *policy); !missing.empty())
    return findings.fail("dns-mta-sts", domain, text + "\nthe policy does not name " + missing);
  if (policy->mode == mailauth::StsPolicy::Mode::testing)
    return findings.warn("dns-mta-sts", domain,
                         text + "\nmode: testing keeps nobody from sending without TLS",
                         "Set mode: enforce once the TLS reports are clean.");
  if (policy->max_age < policy_age_least)
    return findings.warn("dns-mta-sts", domain,
                         text + "\nit is kept less than a day, so an attacker need not wait long",
                         "Set max_age to some weeks, as 2592000.");
  findings.ok("dns-mta-sts", domain, text);
}

// ---- DANE

// What is wrong with the record itself (RFC 6698 2.1, RFC 7672 3.1).
std::string fault_of(const dns::Tlsa& tlsa) {
  if (tlsa.usage != 2 && tlsa.usage != 3)
    return "usage " + std::to_string(tlsa.usage) + " is not for mail; 3 is what is meant";
  if (tlsa.selector > 1) return "there is no selector " + std::to_string(tlsa.selector);
  if (tlsa.matching > 2) return "there is no matching type " + std::to_string(tlsa.matching);
  const std::size_t wanted = tlsa.matching == 1 ? 32 : tlsa.matching == 2 ? 64 : 0;
  if (wanted != 0 && tlsa.data.size() != wanted)
    return "the digest has " + std::to_string(tlsa.data.size()) + " octets instead of " +
           std::to_string(wanted);
  return {};
}

std::string text_of(const std::string& name, const dns::Tlsa& tlsa) {
  return name + " TLSA " + std::to_string(tlsa.usage) + ' ' + std::to_string(tlsa.selector) + ' ' +
         std::to_string(tlsa.matching) + ' ' + to_hex(tlsa.data);
}

// Connects as a sender does, and gives the certificate's fate; a Failure is retry later where there was no TLS at all.
Result<std::string> handshake(const net::Endpoint& endpoint, const std::string& hello,
                              const tls::PeerDemands& demands) {
  auto stream = net::connect_tcp(endpoint, connect_limit);
  if (!stream) return stream.error();
  smtp::ClientTimeouts times;
  times.greeting = times.command = handshake_answer_limit;
  smtp::Client client(**stream, {hello, false, times});
  for (const auto step : {&smtp::Client::greeting, &smtp::Client::hello, &smtp::Client::start_tls}) {
    const auto reply = (client.*step)();
    if (!reply) return reply.error();
    if (!reply->is_success())
      return Failure::temporary("it says " + std::to_string(reply->code) + ' ' +
                                printable(reply->first_line(), 200));
  }
  const auto context = tls::ClientContext::create("", false);
  if (!context) return context.error();
  const auto shaken = (*context)->connect(**stream, demands);
  if (!shaken) return Failure::permanent(shaken.error().text);
  return (*shaken)->info().verified_by;
}

Result<std::string> try_handshake(const net::Endpoint& endpoint, const std::string& hello,
                                  const tls::PeerDemands& demands) {
  try {
    return handshake(endpoint, hello, demands);
  } catch (const net::StreamEnd&) {
    return Failure::temporary("it hung up or said nothing");
  }
}

class TlsaCheck {
public:
  TlsaCheck(const Context& context, const std::string& domain, Findings& findings)
      : context_(context),
        domain_(domain),
        findings_(findings),
        port_(static_cast<std::uint16_t>(context.settings->number("mxsend.port"))) {}

  void run() {
    // As somebody else: to ourselves a sender's look-up leads nowhere.
    const auto hosts = dns::find_mail_hosts(context_.resolver, domain_, {});
    if (!hosts) return findings_.skip("dns-tlsa", domain_, hosts.error().text);
    for (const auto& host : hosts->hosts)
      if (!host.name.empty()) check(*hosts, host);
  }

private:
  void check(const dns::MailHosts& hosts, const dns::MailHost& host) {
    const auto name = '_' + std::to_string(port_) + "._tcp." + host.name;
    const auto answer = context_.resolver.tlsa(name);
    if (cannot_say("dns-tlsa", host.name, name + " TLSA", answer, findings_)) return;
    if (!answer.ok())
      return findings_.skip(
          "dns-tlsa", host.name,
          name + " TLSA: there is none; with DNSSEC it would keep attackers from stripping TLS");
    std::string seen, faults;
    for (const auto& tlsa : answer.records) {
      seen += text_of(name, tlsa) + '\n';
      if (const auto fault = fault_of(tlsa); !fault.empty()) faults += fault + '\n';
    }
    if (!faults.empty()) return findings_.fail("dns-tlsa", host.name, seen + faults);
    const auto policy =
        mailauth::policy_for(context_.resolver, domain_, hosts, host, port_, std::nullopt, {});
    if (!policy || policy->level != mailauth::TlsPolicy::Level::dane)
      return findings_.warn(
          "dns-tlsa", host.name, seen + "neither signed nor validated: no sender believes it",
          "Sign the zones of the domain and of its host (DNSSEC), and use a resolver that validates.");
    hold_against_certificate(host, policy->demands, seen);
  }

  void hold_against_certificate(const dns::MailHost& host, const tls::PeerDemands& demands,
                                const std::string& seen) {
    for (const auto& address : host.addresses.all) {
      const net::Endpoint endpoint{address, port_};
      const auto subject = host.name + ' ' + endpoint.to_text();
      const auto by = try_handshake(endpoint, context_.target.host, demands);
      if (!by && by.error().retry == Retry::later)
        findings_.skip("dns-tlsa", subject, seen + "no TLS with it: " + by.error().text);
      else if (!by || *by != "dane")
        findings_.fail("dns-tlsa", subject,
                       seen + "the certificate is another: " + (by ? "nothing matches" : by.error().text));
      else
        findings_.ok("dns-tlsa", subject, seen + "the certificate matches");
    }
  }

  const Context& context_;
  const std::string domain_;
  Findings& findings_;
  const std::uint16_t port_;
};

}  // namespace

void check_mta_sts(const Context& context, const std::string& domain, Findings& findings) {
  const auto name = "_mta-sts." + domain;
  const auto answer = context.resolver.txt(name);
  if (cannot_say("dns-mta-sts", domain, name + " TXT", answer, findings)) return;
  std::size_t records = 0;
  for (const auto& text : answer.records) records += text.text.starts_with("v=STSv1") ? 1U : 0U;
  if (records == 0)
    return findings.skip("dns-mta-sts", domain,
                         name + " TXT: there is none; a policy would keep attackers from stripping TLS");
  if (!mailauth::parse_sts_record(answer.records))
    return findings.fail("dns-mta-sts", domain,
                         records > 1 ? "several records at " + name
                                     : name + " TXT \"" + answer.records.front().text + "\": no valid id=",
                         "Publish one record \"v=STSv1; id=DIGITS\".");
  mailauth::HttpsStsSource source(
      {static_cast<std::uint16_t>(context.settings->number("mxsend.mta-sts-port")),
       context.settings->text("tls.ca-file")},
      context.resolver);
  const auto text = source.fetch(domain);
  if (!text)
    return findings.fail("dns-mta-sts", domain, text.error().text,
                         "Serve the policy over HTTPS at mta-sts.DOMAIN, with a certificate for that name.");
  judge_policy(context, domain, *text, findings);
}

void check_tlsa(const Context& context, const std::string& domain, Findings& findings) {
  TlsaCheck(context, domain, findings).run();
}

void check_tls_reports(const Context& context, const std::string& domain, Findings& findings) {
  const auto name = "_smtp._tls." + domain;
  const auto answer = context.resolver.txt(name);
  if (cannot_say("dns-tls-reports", domain, name + " TXT", answer, findings)) return;
  const auto record = mailauth::find_tls_report(answer.records);
  if (!record)
    return findings.fail("dns-tls-reports", domain, name + " TXT: " + record.error().text,
                         "Leave one of them.");
  if (!*record)
    return findings.skip("dns-tls-reports", domain,
                         name + " TXT: there is none; with one others would report TLS that fails");
  const auto seen = name + " TXT \"" + printable(**record, 400) + '"';
  const auto report = mailauth::parse_tls_report(**record);
  if (!report) return findings.fail("dns-tls-reports", domain, seen + '\n' + report.error().text);
  if (!report->strange.empty())
    return findings.warn("dns-tls-reports", domain,
                         seen + "\nneither mailto: nor https://: " + join(report->strange, ", "));
  findings.ok("dns-tls-reports", domain, seen);
}

void check_caa(const Context& context, const std::string&, Findings& findings) {
  const auto& host = context.target.host;
  const auto policy = mailauth::find_caa(context.resolver, to_lower(host));
  if (!policy) return findings.skip("dns-caa", host, policy.error().text);
  if (policy->domain.empty())
    return findings.ok("dns-caa", host, "no CAA records: every authority may issue");
  const auto seen = policy->domain +
                    " CAA: " + (policy->issuers.empty() ? "no authority" : join(policy->issuers, ", ")) +
                    (policy->problems.empty() ? "" : '\n' + join(policy->problems, "\n"));
  if (policy->nobody_may_issue()) return findings.fail("dns-caa", host, seen);
  if (!policy->problems.empty()) return findings.warn("dns-caa", host, seen);
  findings.ok("dns-caa", host, seen);
}

}  // namespace tubepost::basic_access_test
