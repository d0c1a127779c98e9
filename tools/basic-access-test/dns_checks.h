// The pieces of the group `dns`: each looks at one kind of record of the domain. Blocking; each runs in a probe of its
// own. `domain` in normal form.
#pragma once

#include <string>

#include "basic-access-test/context.h"
#include "basic-access-test/plan.h"
#include "dns/mx.h"

namespace tubepost::basic_access_test {

using DomainCheck = void (*)(const Context& context, const std::string& domain, Findings& findings);

void check_domain_name(const Context& context, const std::string& domain, Findings& findings);
void check_mx(const Context& context, const std::string& domain,
              Findings& findings);  // dns-mx, -alias, -order
void check_host_addresses(const Context& context, const std::string& domain, Findings& findings);
void check_reverse_names(const Context& context, const std::string& domain, Findings& findings);
void check_spf(const Context& context, const std::string& domain, Findings& findings);
void check_spf_covers(const Context& context, const std::string& domain, Findings& findings);
void check_dkim(const Context& context, const std::string& domain, Findings& findings);
void check_dmarc(const Context& context, const std::string& domain, Findings& findings);
void check_mta_sts(const Context& context, const std::string& domain, Findings& findings);
void check_tlsa(const Context& context, const std::string& domain, Findings& findings);
void check_tls_reports(const Context& context, const std::string& domain, Findings& findings);
void check_caa(const Context& context, const std::string& domain, Findings& findings);
void check_srv(const Context& context, const std::string& domain, Findings& findings);

// T8: dns-server…, a probe for each server.
void add_dns_servers(const Context& context, Plan& plan);

// RFC 5782 5: a list that has 127.0.0.1 lists everybody, and says nothing of anybody.
std::string world_question(const std::string& zone);
bool lists_the_world(dns::Resolver& resolver, const std::string& zone);

// Says for a check that needs this answer why it cannot be made: true where servers could not say.
template <class T>
bool cannot_say(CheckId check, const std::string& subject, const std::string& question,
                const dns::Answer<T>& answer, Findings& findings) {
  if (answer.ok() || answer.is_absent()) return false;
  findings.skip(check, subject,
                question + ": " + std::string(to_text(answer.kind)) +
                    (answer.detail.empty() ? "" : " (" + answer.detail + ")"));
  return true;
}

}  // namespace tubepost::basic_access_test
