#include <iostream>

#include "directory/properties.h"
#include "mailadm/groups.h"

namespace tubepost::mailadm {

ServerCommands::ServerCommands(Tool& tool) : tool_(tool) {
  tool.offer("server show", "Show the properties of the server.", [this] { return show(); });
  tool.offer("server set", "Change properties of the server.", [this] { return set(); })
      .operands(words_, "KEY=VALUE", "An empty value takes a property away.", 1);
}

Result<ExitStatus> ServerCommands::show() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto properties = directory->server();
  if (!properties) return properties.error();
  Fields fields;
  for (const auto& [key, value] : *properties) fields.emplace_back(key, directory::display_value(key, value));
  print_fields(std::cout, style_of_stdout(tool_.json()), fields);
  return ExitStatus::ok;
}

Result<ExitStatus> ServerCommands::set() {
  auto changes = parse_pairs(words_, 0);
  if (!changes) return std::move(changes).error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->set_server(*changes); !done) return std::move(done).error();
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
