#include <iostream>

#include "base/text.h"
#include "directory/properties.h"
#include "mailadm/groups.h"

namespace tubepost::mailadm {
namespace {

Fields fields_of(const directory::Domain& domain) {
  const auto value = [&](const char* key, const char* otherwise) {
    const auto found = domain.properties.find(key);
    return found == domain.properties.end() ? std::string(otherwise) : found->second;
  };
  return {{"domain", domain.name},
          {"address", value("address", "virtual")},
          {"primary", value("primary", "no") == "yes"},
          {"relay", value("relay", "no") == "yes"}};
}

// And what else was set of it.
Fields all_fields_of(const directory::Domain& domain) {
  Fields fields = fields_of(domain);
  for (const auto& [key, value] : domain.properties)
    if (key != "address" && key != "primary" && key != "relay")
      fields.emplace_back(key, directory::display_value(key, value));
  return fields;
}

}  // namespace

DomainCommands::DomainCommands(Tool& tool) : tool_(tool) {
  const std::string pairs =
      "address=virtual|IP, primary=yes, relay=yes, quota=SIZE, quota-messages=N, legacy-logins=LIST";
  tool.offer("domain add", "Take mail for a domain.", [this] { return add(); })
      .operands(words_, "DOMAIN [KEY=VALUE]", pairs, 1);
  tool.offer("domain remove", "Take no more mail for it; it must be empty.", [this] { return remove(); })
      .operands(words_, "DOMAIN", "The domain.", 1, 1);
  tool.offer("domain list", "List the domains.", [this] { return list(); });
  tool.offer("domain show", "Show one domain.", [this] { return show(); })
      .operands(words_, "DOMAIN", "The domain.", 1, 1);
  tool.offer("domain set", "Change properties of a domain.", [this] { return set(); })
      .operands(words_, "DOMAIN KEY=VALUE", pairs, 2);
}

Result<ExitStatus> DomainCommands::add() {
  auto properties = parse_pairs(words_, 1);
  if (!properties) return std::move(properties).error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->add_domain(words_[0], *properties); !done) return std::move(done).error();
  if (const auto doubt = directory::doubt_about_domain(words_[0])) tool_.warn("warning: " + *doubt);
  return ExitStatus::ok;
}

Result<ExitStatus> DomainCommands::remove() {
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->remove_domain(words_[0]); !done) return std::move(done).error();
  return ExitStatus::ok;
}

Result<ExitStatus> DomainCommands::list() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto domains = directory->domains();
  if (!domains) return domains.error();
  Listing listing({"domain", "address", "primary", "relay"});
  for (const auto& domain : *domains) {
    std::vector<Value> row;
    for (auto& [name, value] : fields_of(domain)) row.push_back(std::move(value));
    listing.add(std::move(row));
  }
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

Result<ExitStatus> DomainCommands::show() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto domains = directory->domains();
  if (!domains) return domains.error();
  for (const auto& domain : *domains) {
    if (!equal_ignoring_case(domain.name, words_[0])) continue;
    print_fields(std::cout, style_of_stdout(tool_.json()), all_fields_of(domain));
    return ExitStatus::ok;
  }
  return Failure::permanent(printable(words_[0]) + ": no such domain", {5, 1, 1});
}

Result<ExitStatus> DomainCommands::set() {
  auto changes = parse_pairs(words_, 1);
  if (!changes) return std::move(changes).error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->set_domain(words_[0], *changes); !done) return std::move(done).error();
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
