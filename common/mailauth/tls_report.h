// Where a domain wants to hear of TLS that failed (RFC 8460 3). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/record.h"

namespace tubepost::mailauth {

// The record among the TXT records of _smtp._tls.DOMAIN; nullopt: none begins with v=TLSRPTv1. A Failure: several do,
// which is as none.
Result<std::optional<std::string>> find_tls_report(const std::vector<dns::Text>& records);

struct TlsReport {
  std::vector<std::string> uris;  // of rua=: "mailto:…" and "https://…", any case, printable; never empty
  std::vector<std::string> strange;  // what else stands there, and is passed over
};
// A permanent Failure says what is wrong with the record as a whole.
Result<TlsReport> parse_tls_report(std::string_view text);

}  // namespace tubepost::mailauth
