#include "basic-access-test/scanner_stages.h"

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "policy/filter_service.h"

namespace tubepost::basic_access_test {
namespace {

bool is_avscan_wrap(std::string_view word) { return word.substr(word.rfind('/') + 1) == "avscan-wrap"; }

}  // namespace

std::vector<ScannerStage> find_scanner_stages(const policy::FilterCommands& filters) {
  std::vector<ScannerStage> stages;
  for (const auto& command : filters) {
    const auto program = std::find_if(command.begin(), command.end(), is_avscan_wrap);
    const bool serves = policy::is_filter_service(command.front());
    if (program == command.end() && !serves) continue;
    ScannerStage stage;
    stage.text = join(command, " ");
    stage.command = command;
    if (!serves) {
      stage.options.assign(program + 1, command.end());
      stage.selftest.assign(command.begin(), program + 1);
      // In front: behind "--" is the scanner's own command.
      stage.selftest.emplace_back("--selftest");
      stage.selftest.insert(stage.selftest.end(), program + 1, command.end());
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

std::optional<Timestamp> definitions_date(std::string_view version) {
  const auto parts = split(trim(version), '/');
  if (parts.size() != 3) return std::nullopt;
  const std::string text(trim(parts[2]));
  std::tm time{};
  const char* const end = ::strptime(text.c_str(), "%a %b %d %H:%M:%S %Y", &time);
  if (end == nullptr || *end != 0) return std::nullopt;
  return Timestamp(Milliseconds(static_cast<long long>(::timegm(&time)) * 1000));
}

}  // namespace tubepost::basic_access_test
