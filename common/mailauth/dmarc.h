// What a domain asks receivers to do with mail that carries its name without proof (RFC 7489), as a value, and
// where its record is found. The evaluation of a message against it is its receiver's matter. Pure but for the
// resolver.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/resolver.h"

namespace tubepost::mailauth {

struct DmarcRecord {
  enum class Policy { none, quarantine, reject } policy = Policy::none, subdomain_policy = Policy::none;
  bool strict_dkim = false, strict_spf = false;  // adkim=s, aspf=s
  unsigned percent = 100;
  std::vector<std::string> aggregate_to, failure_to;  // rua, ruf: URIs, without a size limit behind "!"
};
std::string_view to_text(DmarcRecord::Policy policy);

bool is_dmarc(std::string_view text);  // begins with the tag v=DMARC1
// RFC 7489 6.3. A permanent Failure says what is wrong. A record without a usable p= that has a rua= counts as
// p=none (6.6.3).
Result<DmarcRecord> parse_dmarc(std::string_view text);

struct DmarcFound {
  std::string domain;  // whose record it is: the domain, or one above it
  std::string text;
};
// The record of the domain or, where it has none, of the nearest domain above that has one, of those with up to
// seven labels. (RFC 7489 3.2 goes to the organisational domain of a public suffix list; the walk of its
// successor finds the same record wherever suffixes themselves publish none.) nullopt: none. Failures: temporary
// for DNS, permanent for two records.
Result<std::optional<DmarcFound>> find_dmarc(dns::Resolver& resolver, const std::string& domain);

// RFC 7489 7.1: whether `receiver`, the domain of an address for reports, says that it takes those of `domain`. A
// domain of the same branch need not.
Result<bool> takes_reports_of(dns::Resolver& resolver, const std::string& receiver,
                              const std::string& domain);
// "mailto:a@example.net!10m": "example.net"; nullopt: no such URI.
std::optional<std::string> report_domain(std::string_view uri);

}  // namespace tubepost::mailauth
