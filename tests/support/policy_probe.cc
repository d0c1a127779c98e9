// For scenarios: what block lists and reverse names say of addresses, asked of real name servers.
//
//   policy-probe DNS-SERVER off|exists|confirmed DNSBL-SETTINGS ADDRESS…      settings divided by blanks
//
// A line for each address: ADDRESS, verdict of the lists, zone, score, verdict of the reverse name; then what was
// answered, a line each, indented.
#include <iostream>

#include "base/text.h"
#include "dns/system_resolver.h"
#include "support/policy_layers.h"

using namespace tubepost;

namespace {

const char* name_of(policy::ListVerdict::Kind kind) {
  constexpr const char* names[] = {"none", "allow", "reject", "defer"};
  return names[static_cast<int>(kind)];
}
const char* name_of(policy::ReverseVerdict::Kind kind) {
  constexpr const char* names[] = {"passed", "refused", "deferred"};
  return names[static_cast<int>(kind)];
}

int fail(const std::string& text) {
  std::cerr << "policy-probe: " << text << '\n';
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) return fail("too few words");
  auto resolver = dns::SystemResolver::create({words[0]});
  if (!resolver) return fail(resolver.error().text);
  const auto need = policy::parse_reverse_need(words[1]);
  if (!need) return fail(words[1]);
  policy::BlockLists::Options options;
  for (const auto setting : split_words(words[2])) {
    auto list = policy::BlockList::parse(setting);
    if (!list) return fail(list.error().text);
    options.lists.push_back(std::move(*list));
  }
  const SystemClock clock;
  const log::Logger logger("policy-probe", log::Level::info, log::Format::logfmt);
  test_support::BlockListsAlone lists{{std::move(options), clock, logger}, *resolver};
  test_support::ReverseDnsAlone reverse{{{}, clock}, *resolver};
  for (std::size_t i = 3; i < words.size(); ++i) {
    const auto address = net::IpAddress::parse(words[i]);
    if (!address) return fail(words[i]);
    const auto listed = lists.check(*address);
    const auto named = reverse.check(*address, *need);
    std::cout << words[i] << ' ' << name_of(listed.kind) << ' ' << (listed.zone.empty() ? "-" : listed.zone)
              << ' ' << listed.score << ' ' << name_of(named.kind) << '\n';
    for (const auto& answer : listed.answers) std::cout << "  " << answer.to_text() << '\n';
    std::cout << "  " << named.inputs << '\n';
  }
  return 0;
}
