#include <iostream>

#include "mailadm/groups.h"

namespace tubepost::mailadm {

AliasCommands::AliasCommands(Tool& tool) : tool_(tool) {
  tool.offer("alias add", "Add targets to an alias, making it where there is none.", [this] { return add(); })
      .operands(words_, "ADDRESS TARGET", "The alias, and addresses here or elsewhere.", 2);
  tool.offer("alias remove", "Remove targets, or the whole alias where none is named.",
             [this] { return remove(); })
      .operands(words_, "ADDRESS [TARGET]", "The alias and its targets.", 1);
  tool.offer("alias list", "List the aliases.", [this] { return list(); })
      .operands(words_, "DOMAIN", "Only those of this domain.", 0, 1);
}

Result<ExitStatus> AliasCommands::add() {
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const std::vector<std::string> targets(words_.begin() + 1, words_.end());
  if (auto done = directory->add_alias(words_[0], targets); !done) return std::move(done).error();
  // It stands, as a target may be made later; but a slip of the pen is better seen now.
  const auto address = smtp::parse_mailbox(words_[0]);
  const auto expansion = expand(*directory, *address, {});
  if (expansion)
    for (const auto& problem : expansion->problems) tool_.warn("warning: " + problem);
  return ExitStatus::ok;
}

Result<ExitStatus> AliasCommands::remove() {
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const std::vector<std::string> targets(words_.begin() + 1, words_.end());
  if (auto done = directory->remove_alias(words_[0], targets); !done) return std::move(done).error();
  return ExitStatus::ok;
}

Result<ExitStatus> AliasCommands::list() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto aliases = directory->aliases(words_.empty() ? std::string() : words_[0]);
  if (!aliases) return aliases.error();
  Listing listing({"address", "targets"});
  for (const auto& alias : *aliases) listing.add({alias.address, alias.targets});
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
