// What lets receivers know the domain's own mail: SPF, DKIM, DMARC.
#include "base/text.h"
#include "basic-access-test/dns_checks.h"
#include "basic-access-test/own_addresses.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dmarc.h"
#include "mailauth/spf.h"

namespace tubepost::basic_access_test {
namespace {

constexpr int spf_lookups_many = 8;  // one more service, and it breaks
constexpr const char* usual_selectors[] = {"default",   "dkim",      "mail", "s1",      "s2",
                                           "selector1", "selector2", "k1",   "tubepost"};

std::string count(int number, const char* what) { return std::to_string(number) + ' ' + what; }

void check_key(const std::string& name, const std::string& text, Findings& findings) {
  const auto key = mailauth::parse_dkim_key(text);
  const auto seen = name + " TXT \"" + printable(text, 200) + '"';
  if (!key) return findings.fail("dns-dkim", name, seen + '\n' + key.error().text);
  if (key->is_revoked())
    return findings.warn("dns-dkim", name, seen + "\nthe key is revoked: nothing signed with it is believed");
  const bool is_rsa = key->algorithm == mailauth::DkimKey::Algorithm::rsa;
  const auto strength = is_rsa ? "RSA of " + std::to_string(key->bits) + " bits" : std::string("Ed25519");
  if (is_rsa && key->bits < mailauth::rsa_bits_least)
    return findings.fail("dns-dkim", name,
                         seen + '\n' + strength + ": too weak, receivers must not believe it");
  if (!key->for_email) return findings.fail("dns-dkim", name, seen + "\ns= says that it is not for mail");
  if (!key->allows_sha256())
    return findings.fail("dns-dkim", name,
                         seen + "\nh= leaves out sha256, and sha1 is not believed any more");
  if (is_rsa && key->bits < mailauth::rsa_bits_wanted)
    return findings.warn("dns-dkim", name, seen + '\n' + strength + ": weak");
  if (key->testing)
    return findings.warn("dns-dkim", name, seen + "\nt=y: receivers treat the mail as if it were not signed",
                         "Remove t=y from the record.");
  findings.ok("dns-dkim", name, strength);
}

// Where reports go that the receiver must have asked for.
std::string unwelcome_reports(const Context& context, const std::string& domain,
                              const mailauth::DmarcRecord& record) {
  std::string unwelcome;
  for (const auto& uri : record.aggregate_to) {
    const auto receiver = mailauth::report_domain(uri);
    if (!receiver) {
      unwelcome += printable(uri, 100) + ": no mailto: address\n";
      continue;
    }
    const auto takes = mailauth::takes_reports_of(context.resolver, *receiver, domain);
    if (takes && !*takes) unwelcome += *receiver + " does not say that it takes reports of " + domain + '\n';
  }
  return unwelcome;
}

}  // namespace

void check_spf(const Context& context, const std::string& domain, Findings& findings) {
  const auto own = find_own_addresses(context);
  const auto client = own.all.empty() ? *net::IpAddress::parse("192.0.2.1") : own.all.front();
  const auto survey = mailauth::survey_spf(context.resolver, domain, client);
  using Result = mailauth::SpfResult;
  if (survey.result == Result::temperror) return findings.skip("dns-spf", domain, survey.why);
  if (survey.result == Result::permerror)
    return findings.fail("dns-spf", domain, survey.text + '\n' + survey.why);
  if (!survey.exists) return findings.fail("dns-spf", domain, domain + " TXT: there is no SPF record");
  const auto seen = survey.text + '\n' + count(survey.lookups, "look-ups") + ", " +
                    count(survey.void_lookups, "that find nothing");
  if (survey.lookups > mailauth::spf_lookups_max)
    return findings.fail(
        "dns-spf", domain, seen + "; more than ten are an error (RFC 7208 4.6.4)",
        "Replace include: by the addresses it leads to, and leave out what does not send any more.");
  if (survey.void_lookups > mailauth::spf_void_lookups_max)
    return findings.fail("dns-spf", domain, seen + "; more than two are an error (RFC 7208 4.6.4)",
                         "Take out the names that do not exist.");
  if (survey.all == '+')
    return findings.fail("dns-spf", domain, seen + "\n+all lets everybody send in the domain's name");
  if (survey.lookups > spf_lookups_many)
    return findings.warn("dns-spf", domain, seen + "; ten are the most",
                         "Leave out what does not send any more.");
  if (survey.all == '?')
    return findings.warn("dns-spf", domain, seen + "\n?all says nothing of those who are not covered");
  if (survey.all == 0 && survey.text.find("redirect=") == std::string::npos)
    return findings.warn("dns-spf", domain,
                         seen + "\nit does not end with all: nothing is said of those who are not covered",
                         "End it with -all or ~all.");
  findings.ok("dns-spf", domain, seen);
}

void check_spf_covers(const Context& context, const std::string& domain, Findings& findings) {
  const auto own = find_own_addresses(context);
  if (own.all.empty()) return findings.skip("dns-spf-covers", domain, own.why_none);
  for (const auto& address : own.all) {
    const auto subject = domain + " from " + address.to_text();
    const auto verdict = mailauth::check_host(context.resolver,
                                              {address, domain, "postmaster@" + domain, context.target.host});
    const auto seen =
        std::string(to_text(verdict.result)) + (verdict.why.empty() ? "" : " (" + verdict.why + ")");
    using Result = mailauth::SpfResult;
    if (verdict.result == Result::pass)
      findings.ok("dns-spf-covers", subject, seen);
    else if (verdict.result == Result::temperror || verdict.result == Result::none)
      findings.skip("dns-spf-covers", subject, seen);
    else
      findings.fail("dns-spf-covers", subject, seen);
  }
}

void check_dkim(const Context& context, const std::string& domain, Findings& findings) {
  auto selectors = context.options.selectors;
  const bool named = !selectors.empty();
  if (!named) selectors.assign(std::begin(usual_selectors), std::end(usual_selectors));
  bool found = false;
  for (const auto& selector : selectors) {
    const auto name = mailauth::dkim_key_name(selector, domain);
    const auto answer = context.resolver.txt(name);
    if (answer.ok() && answer.records.size() > 1)
      findings.fail("dns-dkim", name,
                    "several TXT records: which is meant is nobody's to say (RFC 6376 3.6.2.2)");
    else if (answer.ok())
      check_key(name, answer.records.front().text, findings);
    else if (named && !cannot_say("dns-dkim", name, name + " TXT", answer, findings))
      findings.fail("dns-dkim", name, name + " TXT: there is none",
                    "Publish the key there: \"v=DKIM1; p=KEY\".");
    found = found || answer.ok() || named;
    if (!named && !answer.is_absent() && !answer.ok())
      return (void)cannot_say("dns-dkim", domain, name + " TXT", answer, findings);
  }
  if (!found)
    findings.warn("dns-dkim", domain, "no key at the selectors " + join(selectors, ", "),
                  "Sign outgoing mail, or name the selector in use with --selector.");
}

void check_dmarc(const Context& context, const std::string& domain, Findings& findings) {
  const auto found = mailauth::find_dmarc(context.resolver, domain);
  if (!found && found.error().retry == Retry::later)
    return findings.skip("dns-dmarc", domain, found.error().text);
  if (!found) return findings.fail("dns-dmarc", domain, found.error().text, "Leave one of them.");
  if (!*found) return findings.warn("dns-dmarc", domain, "_dmarc." + domain + " TXT: there is none");
  const auto seen = "_dmarc." + (*found)->domain + " TXT \"" + printable((*found)->text, 400) + '"';
  const auto record = mailauth::parse_dmarc((*found)->text);
  if (!record) return findings.fail("dns-dmarc", domain, seen + '\n' + record.error().text);
  const auto unwelcome = unwelcome_reports(context, (*found)->domain, *record);
  if (!unwelcome.empty())
    return findings.warn("dns-dmarc", domain, seen + '\n' + unwelcome,
                         "Let the other domain publish DOMAIN._report._dmarc (RFC 7489 7.1), or send reports "
                         "to an address of your own.");
  findings.ok("dns-dmarc", domain, seen);
}

}  // namespace tubepost::basic_access_test
