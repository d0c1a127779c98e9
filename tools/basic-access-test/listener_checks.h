// One listener, as a client finds it: greeting, TLS, certificate, logins. For the groups local, peer and client.
#pragma once

#include <string>
#include <string_view>

#include "basic-access-test/context.h"
#include "basic-access-test/findings.h"
#include "basic-access-test/mail_session.h"

namespace tubepost::basic_access_test {

SessionWishes wishes_for(const Context& context);
// An SMTP greeting begins with the name of the host (RFC 5321 4.2).
bool names_host(std::string_view greeting, std::string_view host);

// local-connect, local-greeting…, local-tls, local-certificate-…, local-auth…, local-login.
void check_listener(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                    const std::string& subject, Findings& findings);
// local-certificate-…
void check_certificate(const Context& context, const tls::Inspection& seen, const std::string& subject,
                       Findings& findings);
// local-tls-versions, local-tls-ciphers, local-tls-injection: connections of their own.
void check_tls(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
               const std::string& subject, Findings& findings);

}  // namespace tubepost::basic_access_test
