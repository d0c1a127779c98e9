// What becomes of TLS with the mail servers of a domain is noted for reports (RFC 8460), see relay/tls_sessions.h: of sessions by MX
// alone, for the policy is the domain's. A session that ends for another reason than its TLS need not be counted (4.3.4).
#pragma once

#include "mxsend/courier.h"

namespace tubepost::mxsend {

void count_session(const Courier::Parts& parts, const std::string& domain, const Peer& peer,
                   const Connection::Opened& opened);
// A host that was not even connected to.
void count_passed_over(const Courier::Parts& parts, const std::string& domain, const Setback& passed);

// 4.3, by what OpenSSL or we said. "dane-required" never comes up: no setting of ours demands DANE of a domain without it.
std::string_view tls_result_of(std::string_view text);

}  // namespace tubepost::mxsend
