// MTA-STS (RFC 8461): a domain's word, fetched over HTTPS, that its mail hosts speak TLS with certificates an
// authority vouches for. Here the two texts it is made of, as values. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/record.h"

namespace tubepost::mailauth {

inline constexpr std::size_t sts_policy_max = 64 << 10;  // RFC 8461 3.3
inline constexpr std::size_t sts_patterns_max = 200;
inline constexpr std::chrono::seconds sts_age_max = std::chrono::hours(24 * 366);  // RFC 8461 3.2: a year

struct StsPolicy {
  enum class Mode { enforce, testing, none } mode = Mode::none;
  std::chrono::seconds max_age{0};
  std::vector<std::string> mx;  // host names, or "*.example.net": one label in its place
  std::vector<std::string> lines;  // as it was published, for reports

  bool allows(std::string_view host) const;
};

// RFC 8461 3.1: the id of the one TXT record of _mta-sts.DOMAIN that is one; nullopt: there is none, or several.
std::optional<std::string> parse_sts_record(const std::vector<dns::Text>& records);
// RFC 8461 3.2. A Failure names the line.
Result<StsPolicy> parse_sts_policy(std::string_view text);

}  // namespace tubepost::mailauth
