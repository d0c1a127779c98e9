// Works a plan off: probes side by side, each within its time, all within the total. What overruns is left to its
// thread and reported as it stands; whoever ends the process then must do so without waiting (left_behind()).
#pragma once

#include <chrono>
#include <functional>

#include "basic-access-test/plan.h"

namespace tubepost::basic_access_test {

struct RunLimits {
  std::size_t side_by_side = 16;
  std::chrono::milliseconds probe = std::chrono::seconds(30);
  std::chrono::milliseconds total = std::chrono::minutes(2);
};

struct Progress {
  std::size_t done = 0, of = 0;
  std::string running;  // the probe begun longest ago
};

class Runner {
public:
  Runner(RunLimits limits, std::vector<std::string> secrets)
      : limits_(limits), secrets_(std::move(secrets)) {}

  // In the order of the plan. `on_progress` is called now and then from this thread; may be empty.
  std::vector<Finding> run(const Plan& plan, const std::function<void(const Progress&)>& on_progress = {});
  // Threads of probes that overran still run.
  bool left_behind() const { return left_behind_; }

private:
  RunLimits limits_;
  std::vector<std::string> secrets_;
  bool left_behind_ = false;
};

}  // namespace tubepost::basic_access_test
