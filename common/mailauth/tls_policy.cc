#include "mailauth/tls_policy.h"

#include "base/text.h"
#include "message/header.h"

namespace tubepost::mailauth {
namespace {

using Level = TlsPolicy::Level;
constexpr EnhancedStatus require_tls_status{5, 7, 30};  // RFC 8689 4.3
constexpr std::size_t tlsa_max = 32;

TlsPolicy opportunistic(const dns::MailHost& host) {
  TlsPolicy policy;
  policy.demands.server_name = host.name;
  policy.why = "whatever is offered";
  return policy;
}

// RFC 7672 2.2, 3.2.2: the base domain first, then the names by which mail came here.
TlsPolicy by_dane(const std::string& base, const std::string& domain, const dns::MailHost& host,
                  const dns::Answer<dns::Tlsa>& answer) {
  TlsPolicy policy;
  policy.level = Level::dane;
  policy.demands.server_name = base;
  policy.demands.names = {base};
  for (const auto& name : {host.name, domain})
    if (name != base) policy.demands.names.push_back(name);
  for (const auto& tlsa : answer.records)
    if (policy.demands.tlsa.size() < tlsa_max)
      policy.demands.tlsa.push_back({tlsa.usage, tlsa.selector, tlsa.matching, tlsa.data});
  policy.published = Published{"tlsa", {}, {}};
  for (const auto& tlsa : policy.demands.tlsa)  // RFC 6698 2.2: in presentation format
    policy.published->text.push_back(std::to_string(tlsa.usage) + ' ' + std::to_string(tlsa.selector) + ' ' +
                                     std::to_string(tlsa.matching) + ' ' + to_hex(tlsa.data));
  policy.why = "DANE: " + std::to_string(answer.records.size()) + " TLSA records of " + base;
  return policy;
}

// nullopt: there are no records, or none that are to be believed.
Result<std::optional<TlsPolicy>> find_dane(dns::Resolver& resolver, const std::string& domain,
                                           const dns::MailHosts& hosts, const dns::MailHost& host,
                                           std::uint16_t port) {
  using Found = std::optional<TlsPolicy>;
  if (!hosts.authenticated || !host.addresses.authenticated || host.name.empty()) return Found();
  std::vector<std::string> bases{host.addresses.name.empty() ? host.name : host.addresses.name};
  if (bases.front() != host.name) bases.push_back(host.name);
  for (const auto& base : bases) {
    const auto answer = resolver.tlsa('_' + std::to_string(port) + "._tcp." + base);
    if (answer.ok() && answer.authenticated) return Found(by_dane(base, domain, host, answer));
    if (!answer.ok() && !answer.is_absent())
      return dns::to_failure(answer.kind, dns::Type::tlsa, base, answer.detail);
  }
  return Found();
}

TlsPolicy by_authority(const dns::MailHost& host, std::string why) {
  TlsPolicy policy;
  policy.level = Level::authority;
  policy.demands.server_name = host.name;
  policy.demands.names = {host.name};
  policy.why = std::move(why);
  return policy;
}

TlsPolicy counted(TlsPolicy policy, Published published) {
  policy.published = std::move(published);
  return policy;
}

// What would have become of it under the mode "enforce" is told to who wants reports.
TlsPolicy tested(TlsPolicy policy, const dns::MailHost& host, const StsPolicy& sts) {
  policy.published = Published{"sts", sts.lines, {}};
  if (sts.allows(host.name))
    policy.tested_names = {host.name};
  else
    policy.published->problem = "validation-failure";
  return policy;
}

}  // namespace

std::string_view to_text(Level level) {
  switch (level) {
    case Level::may:
      return "may";
    case Level::encrypt:
      return "encrypt";
    case Level::dane:
      return "dane";
    case Level::authority:
      return "authority";
  }
  return "?";
}

Result<TlsPolicy> policy_for(dns::Resolver& resolver, const std::string& domain, const dns::MailHosts& hosts,
                             const dns::MailHost& host, std::uint16_t port,
                             const std::optional<StsPolicy>& sts, const TlsWishes& wishes) {
  if (wishes.tls_optional && !wishes.require_tls) return opportunistic(host);
  auto dane = find_dane(resolver, domain, hosts, host, port);
  if (!dane) return std::move(dane).error();
  if (*dane) return std::move(**dane);  // RFC 8461 2: MTA-STS never takes the place of DANE
  if (sts && sts->mode == StsPolicy::Mode::enforce) {
    if (!sts->allows(host.name))
      return Failure::temporary(
          "MTA-STS: " + host.name + " is no host that the policy of " + domain + " names", not_in_sts_policy);
    return counted(by_authority(host, "MTA-STS: enforce"), {"sts", sts->lines, {}});
  }
  const bool is_testing = sts && sts->mode == StsPolicy::Mode::testing;
  if (is_testing && !wishes.require_tls) return tested(opportunistic(host), host, *sts);
  const auto without = [&](TlsPolicy policy) { return is_testing ? policy : counted(std::move(policy), {}); };
  if (!wishes.require_tls) return without(opportunistic(host));
  // RFC 8689 4.2.1: the name of the host must be known for sure before its certificate means anything.
  if (hosts.authenticated && !host.name.empty()) return without(by_authority(host, "REQUIRETLS"));
  return Failure::permanent("REQUIRETLS: nothing vouches for the name of " + domain + "'s host " + host.name,
                            require_tls_status);
}

bool says_tls_optional(std::string_view message) {
  const auto field = message::find_field(message, "TLS-Required");
  return field && equal_ignoring_case(trim(field->value), "no");
}

}  // namespace tubepost::mailauth
