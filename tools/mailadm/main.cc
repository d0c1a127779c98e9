// mailadm: domains, accounts, aliases, routes; makes, checks and describes an instance.
#include "mailadm/groups.h"

int main(int argc, char** argv) {
  using namespace tubepost;
  config::Program program{
      "mailadm", "Make an instance, and look after its domains, accounts and settings.", {}};
  program.offer_json();
  mailadm::Tool tool(program);
  const mailadm::InitCommand init(tool);
  const mailadm::ServerCommands server(tool);
  const mailadm::DomainCommands domain(tool);
  const mailadm::AccountCommands account(tool);
  const mailadm::AliasCommands alias(tool);
  const mailadm::RouteCommands route(tool);
  const mailadm::RuleCommands rule(tool);
  const mailadm::TextCommands text(tool);
  const mailadm::ConfigCommands configuration(tool);
  const mailadm::FsckCommand fsck(tool);
  // A wrong configuration must not stand in the way of mending it.
  if (const auto ended = program.parse(argc, argv, false)) return to_int(*ended);
  return to_int(tool.run());
}
