// MTA-STS policies and their TXT records: what is taken is within its bounds, and no host is allowed that no
// pattern names.
#include <cstdint>
#include <cstdlib>

#include "mailauth/sts_policy.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto policy = mailauth::parse_sts_policy(text);
  if (policy) {
    demand(policy->mx.size() <= mailauth::sts_patterns_max && policy->max_age <= mailauth::sts_age_max);
    demand(policy->max_age.count() >= 0);
    demand(policy->mode == mailauth::StsPolicy::Mode::none || !policy->mx.empty());
    demand(!policy->allows("") && !policy->allows(".") && !policy->allows("a..b"));
    for (const auto& pattern : policy->mx)
      if (!pattern.starts_with("*.")) demand(policy->allows(pattern));
  }
  const auto id = mailauth::parse_sts_record({{text}});
  if (id) demand(!id->empty() && id->size() <= 32);
  demand(!mailauth::parse_sts_record({{text}, {"v=STSv1; id=1"}}) || !text.starts_with("v=STSv1"));
  return 0;
}
