// The layers of the policy at hand, made anew when the policy is. One a worker, made after fork; any thread. What is counted is
// counted for all workers, and is older than the fork.
#pragma once

#include <memory>
#include <mutex>

#include "dns/system_resolver.h"
#include "policy/layers.h"
#include "smtpd/policy.h"

namespace tubepost::smtpd {

class LayersSource {
 public:
  LayersSource(dns::SystemResolver resolver, const directory::Directory& directory, policy::RateLimits& rates, const Clock& clock,
               const log::Logger& logger)
      : resolver_(std::move(resolver)), directory_(directory), rates_(rates), clock_(clock), logger_(logger) {}

  std::shared_ptr<policy::Layers> of(const std::shared_ptr<const Policy>& policy) {
    const std::lock_guard lock(mutex_);
    if (policy == seen_) return layers_;
    seen_ = policy;
    layers_ = std::make_shared<policy::Layers>(policy->layers(), resolver_, directory_, rates_, clock_, logger_);
    return layers_;
  }

 private:
  dns::SystemResolver resolver_;
  const directory::Directory& directory_;
  policy::RateLimits& rates_;
  const Clock& clock_;
  const log::Logger& logger_;
  std::mutex mutex_;
  std::shared_ptr<const Policy> seen_;
  std::shared_ptr<policy::Layers> layers_;
};

}  // namespace tubepost::smtpd
