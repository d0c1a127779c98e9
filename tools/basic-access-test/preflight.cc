#include "base/text.h"
#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {
namespace {

std::string lines_of(const std::vector<config::Problem>& problems) {
  std::string lines;
  for (const config::Problem& problem : problems) lines += problem.where + ": " + problem.text + '\n';
  return lines;
}

void check_configuration(const Context& context, Findings& findings) {
  if (!context.problems.empty())
    return findings.fail("preflight-configuration", context.home, lines_of(context.problems));
  const auto warnings = config::warnings(*context.settings);
  if (!warnings.empty()) return findings.warn("preflight-configuration", context.home, lines_of(warnings));
  findings.ok("preflight-configuration", context.home, "no fault and nothing to warn of");
}

}  // namespace

void add_preflight(const Context& context, Plan& plan) {
  const auto probe = [&](std::string name, std::vector<CheckId> checks, auto* function) {
    plan.add({"preflight " + name, context.home, std::move(checks),
              [&context, function](Findings& findings) { function(context, findings); }});
  };
  probe("configuration", {"preflight-configuration"}, check_configuration);
}

}  // namespace tubepost::basic_access_test
