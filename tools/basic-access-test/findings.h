// Where a probe puts what it found. Shared by the probe's thread, which writes, and the runner, which takes what
// is there when the time is over. Secrets never come through: what equals a registered one is masked, wherever
// it stands. Threading: any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "basic-access-test/check.h"

namespace tubepost::basic_access_test {

inline constexpr std::size_t evidence_max =
    8192;  // octets of one result; what is over it is cut in the middle

class Findings {
public:
  explicit Findings(std::vector<std::string> secrets = {}) : secrets_(std::move(secrets)) {}

  // `remedy` empty: the row's.
  void ok(CheckId check, std::string subject, std::string evidence);
  void warn(CheckId check, std::string subject, std::string evidence, std::string remedy = {});
  void fail(CheckId check, std::string subject, std::string evidence, std::string remedy = {});
  void skip(CheckId check, std::string subject, std::string reason);
  void add(Finding result);

  // The time of a result is counted from here, or from the one before it.
  void start_clock();
  bool has(CheckId check) const;
  std::vector<Finding> take();  // what is there; later additions are dropped

private:
  std::string clean(std::string text) const;
  std::vector<std::string> secrets_;
  mutable std::mutex mutex_;
  std::vector<Finding> results_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  bool closed_ = false;
};

}  // namespace tubepost::basic_access_test
