// Which authorities may give a name certificates (RFC 8659). Pure but for the resolver.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::mailauth {

struct CaaPolicy {
  std::string domain;  // where the records stand: the name or one above it; empty: there are none
  std::vector<std::string> issuers;   // of issue, lower case; empty although is_restricted: nobody
  bool is_restricted = false;         // there is an issue property
  std::vector<std::string> problems;  // sentences: an unknown critical property, an issuer that is no name

  // RFC 8659 4.1: an unknown property that is critical stops every issuer.
  bool nobody_may_issue() const;
};

// RFC 8659 3: the name itself, then those above it. Failures are temporary: DNS.
Result<CaaPolicy> find_caa(dns::Resolver& resolver, const std::string& name);
CaaPolicy read_caa(const std::string& domain, const std::vector<dns::Caa>& records);

}  // namespace tubepost::mailauth
