#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {
namespace {

struct Row {
  std::string_view name;
  void (*add)(const Context&, Plan&);
  bool (*applies)(const Context&);
};

bool is_test(const Context& context) { return context.options.command == Command::test; }
bool is_own_test(const Context& context) { return is_test(context) && context.target.own; }

constexpr Row rows[] = {
    {"preflight", add_preflight, is_own_test},
    {"local", add_local, is_test},
    {"relay", add_relay, is_test},
    {"legs", add_legs, is_test},
    {"scanner", add_scanner, is_own_test},
    {"dns", add_dns,
     [](const Context& context) { return is_test(context) && !context.options.domain.empty(); }},
    {"outside", add_outside, is_own_test},
    {"client", add_client, [](const Context& context) { return !is_test(context); }},
    {"peer", add_peer, is_own_test},
};

}  // namespace

Plan make_plan(const Context& context) {
  Plan plan;
  const auto& only = context.options.only;
  for (const Row& row : rows) {
    const bool named = std::find(only.begin(), only.end(), row.name) != only.end();
    if (only.empty() ? row.applies(context) : named) row.add(context, plan);
  }
  return plan;
}

}  // namespace tubepost::basic_access_test
