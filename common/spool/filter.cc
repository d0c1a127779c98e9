#include "spool/filter.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::spool {
namespace {

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// from=<> finds the null reverse-path.
std::string_view shown(std::string_view reverse_path) { return reverse_path.empty() ? "<>" : reverse_path; }

}  // namespace

bool matches(const Filter& f, const Envelope& e) {
  if (!f.from.empty() && !glob_matches(f.from, shown(e.reverse_path))) return false;
  if (f.accepted_before && e.accepted >= *f.accepted_before) return false;
  if (f.accepted_after && e.accepted <= *f.accepted_after) return false;
  if (f.larger && e.size <= *f.larger) return false;
  if (f.smaller && e.size >= *f.smaller) return false;
  return true;
}

bool matches(const Filter& f, const Recipient& r) {
  if (!f.to.empty() && !glob_matches(f.to, r.address)) return false;
  if (!f.domain.empty() && !glob_matches(f.domain, domain_of(r.address))) return false;
  return !f.state || r.state == *f.state;
}

bool matches(const Filter& filter, const Queued& queued) {
  return matches(filter, queued.envelope) &&
         std::any_of(queued.recipients.begin(), queued.recipients.end(),
                     [&](const Recipient& recipient) { return matches(filter, recipient); });
}

}  // namespace tubepost::spool
