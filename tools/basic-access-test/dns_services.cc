// SRV records by which mail programs find the services (RFC 6186, RFC 8314 5.1).
#include "base/text.h"
#include "basic-access-test/dns_checks.h"

namespace tubepost::basic_access_test {
namespace {

struct SrvRow {
  const char *label, *service;
};
constexpr SrvRow srv_rows[] = {{"_submissions", "submissions"},
                               {"_submission", "submission"},
                               {"_imaps", "imaps"},
                               {"_imap", "imapd"},
                               {"_pop3s", "pop3s"},
                               {"_pop3", "popd"}};

bool listens(const Target& target, const char* service, std::uint16_t port) {
  const auto* const found = target.find(service);
  return found && std::any_of(found->endpoints.begin(), found->endpoints.end(),
                              [&](const net::Endpoint& endpoint) { return endpoint.port == port; });
}

void check_record(const Context& context, const SrvRow& row, const std::string& name, const dns::Srv& srv,
                  Findings& findings) {
  const auto seen = name + " SRV " + std::to_string(srv.port) + ' ' + srv.host;
  if (srv.host == ".") {  // RFC 6186 3.4: not to be had here
    if (!context.target.find(row.service)) return findings.ok("dns-srv", name, seen + ": not offered");
    return findings.warn("dns-srv", name, seen + ": not offered, and yet the service runs here");
  }
  if (context.resolver.cname(srv.host).ok())  // RFC 2782
    return findings.fail("dns-srv", name, seen + "\nits host is an alias (CNAME), which RFC 2782 forbids");
  const auto addresses = dns::find_addresses(context.resolver, srv.host);
  if (!addresses && addresses.error().retry == Retry::later)
    return findings.skip("dns-srv", name, addresses.error().text);
  if (!addresses) return findings.fail("dns-srv", name, seen + '\n' + addresses.error().text);
  if (!equal_ignoring_case(srv.host, context.target.host))
    return findings.ok("dns-srv", name, seen + ": another server");
  if (!listens(context.target, row.service, srv.port))
    return findings.fail("dns-srv", name,
                         seen + "\nno " + row.service + " of this server listens on that port");
  findings.ok("dns-srv", name, seen);
}

}  // namespace

void check_srv(const Context& context, const std::string& domain, Findings& findings) {
  bool found = false;
  for (const SrvRow& row : srv_rows) {
    const auto name = std::string(row.label) + "._tcp." + domain;
    const auto answer = context.resolver.srv(name);
    if (cannot_say("dns-srv", name, name + " SRV", answer, findings)) return;
    for (const auto& srv : answer.records) check_record(context, row, name, srv, findings);
    found = found || answer.ok();
  }
  if (!found)
    findings.skip("dns-srv", domain,
                  "there are none; with them mail programs would find the settings by themselves");
}

}  // namespace tubepost::basic_access_test
