#include "mailauth/caa.h"

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::mailauth {
namespace {

constexpr std::uint8_t critical = 128;
constexpr int climbs_max = 16;
constexpr std::string_view known[] = {"issue",        "issuewild", "iodef",   "contactemail",
                                      "contactphone", "issuemail", "issuevmc"};

bool is_known(std::string_view tag) {
  return std::find(std::begin(known), std::end(known), tag) != std::end(known);
}

void read_issue(const std::string& value, CaaPolicy& policy) {
  policy.is_restricted = true;
  const auto issuer = trim(std::string_view(value).substr(0, value.find(';')));
  if (issuer.empty()) return;  // ";": nobody
  const auto name = dns::normal_name(issuer);
  if (name)
    policy.issuers.push_back(*name);
  else  // RFC 8659 4.2: a malformed value is as one without an issuer
    policy.problems.push_back("issue names no authority: " + printable(value, 60));
}

}  // namespace

bool CaaPolicy::nobody_may_issue() const {
  return (is_restricted && issuers.empty()) ||
         std::any_of(problems.begin(), problems.end(),
                     [](const std::string& problem) { return problem.starts_with("critical"); });
}

CaaPolicy read_caa(const std::string& domain, const std::vector<dns::Caa>& records) {
  CaaPolicy policy;
  policy.domain = domain;
  for (const auto& record : records) {
    if (record.tag == "issue")
      read_issue(record.value, policy);
    else if ((record.flags & critical) && !is_known(record.tag))
      policy.problems.push_back("critical and unknown: " + printable(record.tag, 40));
  }
  return policy;
}

Result<CaaPolicy> find_caa(dns::Resolver& resolver, const std::string& name) {
  std::string at = name;
  for (int level = 0; level < climbs_max && !at.empty(); ++level) {
    const auto answer = resolver.caa(at);
    if (answer.ok()) return read_caa(at, answer.records);
    if (!answer.is_absent()) return dns::to_failure(answer.kind, dns::Type::caa, at, answer.detail);
    const auto dot = at.find('.');
    at.erase(0, dot == std::string::npos ? at.size() : dot + 1);
  }
  return CaaPolicy();
}

}  // namespace tubepost::mailauth
