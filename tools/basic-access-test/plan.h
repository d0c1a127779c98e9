// What is to be done: probes. A probe is a piece of work in a thread of its own - one conversation, one look-up -
// that answers one or more checks. Groups fill the plan (groups.h), the runner works it off (runner.h).
//
// A probe outlives nothing: what it captures by reference must live as long as the process, since a probe that
// overruns its limit is left behind (Context and what it refers to do).
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "basic-access-test/findings.h"

namespace tubepost::basic_access_test {

struct Probe {
  std::string name;             // what the progress shows: "local submission 127.0.0.1:2587"
  std::string subject;          // for the results that the runner makes itself
  std::vector<CheckId> checks;  // each has a result in the end: what the probe says nothing of is skipped, or
                                // failed where the time was over
  std::function<void(Findings&)> run;
  // Probes of one lane run one after the other (a server counts the connections of an address); empty: none.
  std::string lane{};
  std::chrono::milliseconds limit{0};  // 0: the runner's
  // A probe that can only say that it could not test when the time is over (a server that is not ours).
  bool skipped_when_late = false;
};

class Plan {
public:
  void add(Probe probe) { probes_.push_back(std::move(probe)); }
  // A check that is not tried at all, and why.
  void skip(CheckId check, std::string subject, std::string reason);
  const std::vector<Probe>& probes() const { return probes_; }

private:
  std::vector<Probe> probes_;
};

}  // namespace tubepost::basic_access_test
