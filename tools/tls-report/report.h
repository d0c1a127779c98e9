// A report of RFC 8460: a day's sessions with the servers of one domain, as JSON and as a message. Pure functions.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "dns/record.h"
#include "relay/tls_sessions.h"

namespace tubepost::tls_report {

struct FailureKind {
  std::string result, host, address, reason, local;
  auto operator<=>(const FailureKind&) const = default;
};
struct PolicySummary {
  std::uint64_t successful = 0, failed = 0;
  std::map<FailureKind, std::uint64_t> failures;
};
struct PolicyKind {
  std::string type;               // policy-type
  std::vector<std::string> text;  // policy-string
  auto operator<=>(const PolicyKind&) const = default;
};
using DomainSummary = std::map<PolicyKind, PolicySummary>;
using DaySummary = std::map<std::string, DomainSummary>;  // by domain

// Lines that are none are passed over. No more domains, and no more policies and kinds of failure of one, than fit a report.
DaySummary add_up(std::string_view lines);

struct Reporter {
  std::string hostname;  // organisation, submitter, and the domain of contact
  std::string day;       // "2026-11-26"
};

std::string report_id(const std::string& domain,
                      const Reporter& reporter);  // the same for the same day and domain
std::string to_json(const std::string& domain, const DomainSummary& summary, const Reporter& reporter);
Result<std::string> gzip(std::string_view text);
// RFC 8460 5.3: a message with the report in it, LF line ends. `to`: the address of a mailto: URI.
std::string write_message(const std::string& domain, const std::string& to, std::string_view gzipped,
                          const Reporter& reporter, Timestamp now);

// RFC 8460 3: where the reports of a domain are wanted, from its _smtp._tls TXT records; "mailto:a@b", "https://…".
// Empty: nowhere, or several records that are one.
std::vector<std::string> destinations_of(const std::vector<dns::Text>& records);
// The address of a mailto: URI; nullopt: it is another one, or no address.
std::optional<std::string> address_of(std::string_view uri);

}  // namespace tubepost::tls_report
