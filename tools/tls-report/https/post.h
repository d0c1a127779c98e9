// RFC 8460 3, 5.4: a report by HTTPS POST. Apart, because POCO's compile definitions do not fit the precompiled header.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tubepost::tls_report {

// Done when the server says 2xx. Certificates are not looked at: RFC 8460 3 lets a report of broken TLS come through.
Result<void> post(const std::string& uri, std::string_view gzipped);

}  // namespace tubepost::tls_report
