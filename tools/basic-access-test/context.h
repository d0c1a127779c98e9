// What every group is given. Immutable while probes run, and alive as long as the process: probes keep
// references to it (plan.h). Threading: any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "basic-access-test/options.h"
#include "basic-access-test/target.h"
#include "config/settings.h"
#include "dns/resolver.h"
#include "log/logger.h"

namespace tubepost::basic_access_test {

inline constexpr std::chrono::seconds connect_limit{10};  // of every connection a probe opens

struct Context {
  Options options;
  std::string home;                                  // of the instance; may not exist
  std::shared_ptr<const config::Settings> settings;  // the defaults where the configuration is wrong
  std::vector<config::Problem> problems;             // of the configuration
  Target target;
  dns::Resolver& resolver;  // by dns.servers, else the system's
  const Clock& clock;
  const log::Logger& logger;
};

}  // namespace tubepost::basic_access_test
