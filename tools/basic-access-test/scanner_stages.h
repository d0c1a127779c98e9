// Where the virus scanner stands in the settings: the filters of smtpd.filter that are avscan-wrap, and those that
// serve on a socket and may be it; and what ClamAV says of its definitions. Pure. Threading: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/filter_pipeline.h"

namespace tubepost::basic_access_test {

struct ScannerStage {
  std::string text;                  // as it is configured
  std::vector<std::string> command;  // its words
  // Of avscan-wrap; empty where it is a service. It may be chain-loaded: "nice -n 5 avscan-wrap …".
  std::vector<std::string> options;
  std::vector<std::string> selftest;  // the command with --selftest
  bool is_service() const { return selftest.empty(); }
};
std::vector<ScannerStage> find_scanner_stages(const policy::FilterCommands& filters);

// The date in "ClamAV 1.4.3/27812/Wed Nov 12 08:00:00 2026"; without official definitions there is none.
std::optional<Timestamp> definitions_date(std::string_view version);

}  // namespace tubepost::basic_access_test
