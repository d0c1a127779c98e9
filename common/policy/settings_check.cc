#include "policy/settings_check.h"

#include "base/text.h"
#include "policy/block_list.h"
#include "policy/filter_pipeline.h"
#include "policy/policy_client.h"

namespace tubepost::policy {
namespace {

// Settings that are good by themselves and not together (S5). greylist refuses them as well.
void add_contradiction(const config::Settings& settings, std::vector<config::Problem>& problems) {
  const auto block = settings.duration("greylist.block"), pending = settings.duration("greylist.pending");
  if (block < pending) return;
  problems.push_back({settings.where("greylist.block"), "greylist.block = " + format_duration(block) +
                                                            " is not shorter than greylist.pending = " + format_duration(pending) +
                                                            ": nobody could ever pass"});
}

}  // namespace

std::vector<config::Problem> setting_problems(const config::Settings& settings) {
  std::vector<config::Problem> problems;
  const auto add = [&](const std::string& name, const auto& read) {
    if (read) return;
    const auto& why = read.error().text;
    problems.push_back({settings.where(name), why.starts_with(name) ? why : name + ": " + why});
  };
  for (const auto& text : settings.list("smtpd.policy")) add("smtpd.policy", parse_service(text));
  for (const auto& text : settings.list("smtpd.dnsbl")) add("smtpd.dnsbl", BlockList::parse(text));
  add("smtpd.filter", parse_filter_commands(settings.list("smtpd.filter")));
  if (const auto text = settings.text("smtpd.relay-recipients"); !text.empty())
    add("smtpd.relay-recipients", parse_service(text));
  add_contradiction(settings, problems);
  return problems;
}

}  // namespace tubepost::policy
