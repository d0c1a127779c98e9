// The results as text for people, as JSON and as OpenMetrics. Pure: strings out.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exit_status.h"
#include "basic-access-test/check.h"

namespace tubepost::basic_access_test {

struct Report {
  std::string subject;  // "mx.example.test": what was tested
  Timestamp when{};
  std::chrono::milliseconds took{0};
  std::vector<Finding> findings;  // in the order of the groups

  std::size_t count(Outcome outcome) const;
  // 0: nothing failed; a warning alone is none. 1: something failed. 75: nothing could be tested.
  ExitStatus status() const;
};

struct TextStyle {
  bool colours = false;
  bool evidence_of_all = false;  // not of what is to be looked at alone
};
std::string to_text(const Report& report, TextStyle style);
std::string to_json(const Report& report);         // contracts.md: one value on one line
std::string to_openmetrics(const Report& report);  // with its "# EOF"

// Every check with its meaning and remedy: tab-separated lines, and the items of the manual page's lists.
std::string list_checks();
std::string list_checks_mdoc();

// What mdoc would read as a request, a macro or an escape is made safe; each sentence on a line of its own.
std::string mdoc_text(std::string_view text);

std::string summary_line(const Report& report);  // "41 ok, 2 warnings, 1 failed, 3 skipped"

}  // namespace tubepost::basic_access_test
