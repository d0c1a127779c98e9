// What is allowed and yet worth a word.
#include <algorithm>

#include "base/text.h"
#include "config/settings.h"

namespace tubepost::config {
namespace {

bool is_off(const Settings& settings, std::string_view name) { return settings.list(name).empty(); }

// Every address, as CIDR: whoever writes that into a list of the privileged has opened a relay.
bool has_everybody(const Settings& settings, std::string_view name) {
  const auto ranges = settings.list(name);
  return std::any_of(ranges.begin(), ranges.end(),
                     [](const std::string& range) { return range.ends_with("/0"); });
}

void warn_of_submission(const Settings& settings, std::vector<Problem>& warnings) {
  if (is_off(settings, "submission.listen") && is_off(settings, "submissions.listen")) return;
  const auto warn = [&](std::string_view name, std::string text) {
    warnings.push_back({settings.where(name), std::string(name) + ": " + text});
  };
  const bool authentication = settings.text("submission.authentication") != "off";
  const bool ranges = !is_off(settings, "submission.ranges");
  if (!authentication && ranges)
    warn("submission.authentication", "off: whoever is in submission.ranges sends without a password");
  if (!authentication && !ranges)
    warn("submission.authentication", "off, and no submission.ranges: only trusted addresses are admitted");
  if (!authentication && has_everybody(settings, "submission.ranges"))
    warn("submission.ranges", "admits everybody without a password: this is an open relay");
  if (settings.flag("submission.cleartext-login"))
    warn("submission.cleartext-login", "yes: passwords travel in clear text");
}

}  // namespace

std::vector<Problem> warnings(const Settings& settings) {
  std::vector<Problem> warnings;
  const auto warn = [&](std::string_view name, std::string text) {
    warnings.push_back({settings.where(name), std::string(name) + ": " + text});
  };
  for (const auto& address : settings.list("smtpd.listen"))  // L6
    if (!address.ends_with(":25") && address.find(':') != std::string::npos && !address.starts_with("unix:"))
      warn("smtpd.listen", address + ": other servers find only port 25, unless it is forwarded");
  if (!settings.flag("smtpd.validate")) warn("smtpd.validate", "no: corrupt messages are accepted");  // S7
  for (const auto name : {"smtpd.trusted", "smtpd.xclient-hosts", "smtpd.proxy-hosts"})
    if (has_everybody(settings, name)) warn(name, "holds every address: this is an open relay");
  warn_of_submission(settings, warnings);
  for (const Setting& row : all_settings())
    if (row.not_yet && settings.source(row.name) != Source::fallback && !settings.list(row.name).empty())
      warn(row.name, "has no effect in this version");
  if (settings.text("qrun.outgoing") == "off")  // L9
    warn("qrun.outgoing", "off: mail for other hosts stays in the queue");
  return warnings;
}

}  // namespace tubepost::config
