// The group dns: the records of a domain, each kind in a probe of its own, and the servers that are asked.
#include "basic-access-test/dns_checks.h"
#include "basic-access-test/groups.h"
#include "dns/name.h"

namespace tubepost::basic_access_test {
namespace {

struct Piece {
  const char* name;
  std::vector<CheckId> checks;
  DomainCheck check;
};

std::vector<Piece> pieces() {
  return {{"name", {"dns-name"}, check_domain_name},
          {"MX", {"dns-mx"}, check_mx},
          {"addresses", {"dns-address"}, check_host_addresses},
          {"reverse names", {"dns-ptr"}, check_reverse_names},
          {"SPF", {"dns-spf"}, check_spf},
          {"SPF of this server", {"dns-spf-covers"}, check_spf_covers},
          {"DKIM", {"dns-dkim"}, check_dkim},
          {"DMARC", {"dns-dmarc"}, check_dmarc},
          {"MTA-STS", {"dns-mta-sts"}, check_mta_sts},
          {"TLSA", {"dns-tlsa"}, check_tlsa},
          {"TLS reports", {"dns-tls-reports"}, check_tls_reports},
          {"CAA", {"dns-caa"}, check_caa},
          {"SRV", {"dns-srv"}, check_srv}};
}

}  // namespace

void add_dns(const Context& context, Plan& plan) {
  add_dns_servers(context, plan);
  if (context.options.domain.empty())
    return plan.skip("dns-mx", "", "no domain was named: basic-access-test DOMAIN");
  const auto normal = dns::normal_name(context.options.domain);
  const auto ascii = normal ? dns::to_ascii(*normal) : std::nullopt;
  for (Piece& piece : pieces()) {
    if (!ascii) {
      plan.skip(piece.checks.front(), context.options.domain, "it is no name of a domain");
      continue;
    }
    Probe probe;
    probe.name = std::string("dns ") + piece.name + " of " + *ascii;
    probe.subject = *ascii;
    probe.checks = piece.checks;
    probe.run = [&context, domain = *ascii, check = piece.check](Findings& findings) {
      check(context, domain, findings);
    };
    probe.skipped_when_late = true;
    plan.add(std::move(probe));
  }
}

}  // namespace tubepost::basic_access_test
