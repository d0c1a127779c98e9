// The name of the domain, its MX records, and the addresses behind them.
#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/dns_checks.h"
#include "basic-access-test/own_addresses.h"
#include "directory/directory.h"
#include "net/address_set.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::string_view odd_prefixes[] = {"www.", "mail.", "smtp."};
// RFC 1918, RFC 3927, RFC 4193, RFC 6598: from outside they lead nowhere.
constexpr std::string_view private_ranges =
    "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,100.64.0.0/10,fc00::/7,fe80::/10";

std::string text_of(const std::vector<dns::Mx>& records, const std::string& domain) {
  std::string text;
  for (const auto& mx : records)
    text += domain + " MX " + std::to_string(mx.preference) + ' ' + mx.host + '\n';
  return text;
}

bool names_an_address(const std::vector<dns::Mx>& records) {
  return std::any_of(records.begin(), records.end(), [](const dns::Mx& mx) { return net::IpAddress::parse(mx.host).has_value(); });
}

void check_aliases(const Context& context, const std::string& domain, const std::vector<dns::Mx>& records,
                   Findings& findings) {
  for (const auto& mx : records) {
    const auto alias = context.resolver.cname(mx.host);
    if (cannot_say("dns-mx-alias", mx.host, mx.host + " CNAME", alias, findings)) continue;
    if (alias.ok())
      findings.fail("dns-mx-alias", mx.host,
                    domain + " MX " + mx.host + '\n' + mx.host + " CNAME " + alias.records.front().name);
    else
      findings.ok("dns-mx-alias", mx.host, "it is a host of its own");
  }
}

enum class Role { stranger, host, secondary };
Role role_of(const Context& context, const std::string& domain) {
  const auto folder = context.settings->path("directory");
  if (!context.target.own || !file_exists(folder)) return Role::stranger;
  const auto directory = directory::Directory::open(folder, {});
  const auto found = directory ? directory->find_domain(domain)
                               : Result<std::optional<directory::Domain>>(directory.error());
  if (!found || !*found) return Role::stranger;
  const auto relay = (*found)->properties.find("relay");
  return relay != (*found)->properties.end() && relay->second == "yes" ? Role::secondary : Role::host;
}

void check_order(const Context& context, const std::string& domain, const std::vector<dns::Mx>& records,
                 Findings& findings) {
  const auto& host = context.target.host;
  const auto ours = std::find_if(records.begin(), records.end(),
                                 [&](const dns::Mx& mx) { return equal_ignoring_case(mx.host, host); });
  const auto best = std::min_element(records.begin(), records.end(), [](const dns::Mx& a, const dns::Mx& b) {
    return a.preference < b.preference;
  });
  const auto seen = text_of(records, domain);
  const bool is_best = ours != records.end() && ours->preference == best->preference;
  switch (role_of(context, domain)) {
    case Role::stranger:
      return findings.skip("dns-mx-order", domain, "the domain is none of this instance's");
    case Role::host:
      if (ours == records.end())
        return findings.fail("dns-mx-order", domain, seen + "none of these is " + host,
                             "Publish an MX record that names this server, or remove the domain here.");
      return is_best ? findings.ok("dns-mx-order", domain, seen)
                     : findings.warn("dns-mx-order", domain, seen + "others come before " + host);
    case Role::secondary:
      if (ours == records.end())
        return findings.warn("dns-mx-order", domain,
                             seen + "none of these is " + host + ", its secondary here");
      return is_best ? findings.fail("dns-mx-order", domain,
                                     seen + host + " is the first, though only the secondary",
                                     "Give the secondary a higher preference than the domain's own server: "
                                     "its mail would stay here.")
                     : findings.ok("dns-mx-order", domain, seen);
  }
}

}  // namespace

void check_domain_name(const Context& context, const std::string& domain, Findings& findings) {
  const auto alias = context.resolver.cname(domain);
  if (cannot_say("dns-name", domain, domain + " CNAME", alias, findings)) return;
  if (alias.ok()) return findings.fail("dns-name", domain, domain + " CNAME " + alias.records.front().name);
  for (const auto prefix : odd_prefixes)
    if (domain.starts_with(prefix))
      return findings.warn("dns-name", domain,
                           "it begins with " + std::string(prefix) + ": addresses would be user@" + domain);
  findings.ok("dns-name", domain, domain);
}

void check_mx(const Context& context, const std::string& domain, Findings& findings) {
  const auto answer = context.resolver.mx(domain);
  if (answer.kind == dns::Kind::servfail)
    return findings.fail(
        "dns-mx", domain, domain + " MX: " + std::string(to_text(answer.kind)),
        "See whether the domain's own DNS servers work, and whether its signatures are valid.");
  if (cannot_say("dns-mx", domain, domain + " MX", answer, findings)) return;
  if (answer.kind == dns::Kind::nxdomain)
    return findings.fail("dns-mx", domain, "there is no such domain",
                         "Register the domain, or delegate it to DNS servers that have it.");
  // As a stranger sees them: to the host itself, what is behind it does not count.
  const auto found = dns::find_mail_hosts(context.resolver, domain, {});
  const auto seen = text_of(answer.records, domain);
  if (!found)
    findings.fail("dns-mx", domain, seen + found.error().text);
  else if (!answer.ok())
    findings.warn("dns-mx", domain,
                  "there is no MX record; senders go to the address of " + domain + " itself");
  else if (!found->notes.empty())
    findings.fail("dns-mx", domain, seen + join(found->notes, "\n"));
  else if (names_an_address(answer.records))
    findings.fail("dns-mx", domain, seen + "an MX record names a host, never an address (RFC 1035 3.3.9)",
                  "Give the server a name, with an address record, and let the MX record name that.");
  else
    findings.ok("dns-mx", domain, seen);
  if (!answer.ok()) return;
  check_aliases(context, domain, answer.records, findings);
  check_order(context, domain, answer.records, findings);
}

// Also of each MX host: one of several without an address is seen nowhere else.
void check_host_addresses(const Context& context, const std::string& domain, Findings& findings) {
  std::vector<std::string> hosts{context.target.host};
  for (const auto& mx : context.resolver.mx(domain).records)
    if (mx.host != "." && !equal_ignoring_case(mx.host, hosts.front()) && hosts.size() < dns::mail_hosts_max)
      hosts.push_back(mx.host);
  const auto closed = net::AddressSet::parse(private_ranges);
  for (const auto& host : hosts) {
    const auto found = dns::find_addresses(context.resolver, host);
    if (!found) {
      if (found.error().retry == Retry::later)
        findings.skip("dns-address", host, found.error().text);
      else
        findings.fail("dns-address", host, found.error().text);
      continue;
    }
    std::vector<std::string> texts, unreachable;
    for (const auto& address : found->all) {
      texts.push_back(address.to_text());
      if (closed && closed->contains(address)) unreachable.push_back(address.to_text());
    }
    if (unreachable.empty())
      findings.ok("dns-address", host, join(texts, ", "));
    else
      findings.warn("dns-address", host, join(unreachable, ", ") + ": private");
  }
}

void check_reverse_names(const Context& context, const std::string&, Findings& findings) {
  const auto own = find_own_addresses(context);
  if (own.all.empty()) return findings.skip("dns-ptr", context.target.host, own.why_none);
  for (const auto& address : own.all) check_reverse_name(context, "dns-ptr", address, findings);
}

}  // namespace tubepost::basic_access_test
