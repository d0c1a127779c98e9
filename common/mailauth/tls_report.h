// Where a domain wants to hear of TLS that failed (RFC 8460 3). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::mailauth {

bool is_tls_report(std::string_view text);  // begins with v=TLSRPTv1
// The URIs of rua=, mailto: and https: only; never empty. A permanent Failure says what is wrong.
Result<std::vector<std::string>> parse_tls_report(std::string_view text);

}  // namespace tubepost::mailauth
