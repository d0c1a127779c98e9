#include <iostream>

#include "base/text.h"
#include "directory/properties.h"
#include "mailadm/groups.h"
#include "mailadm/password.h"
#include "mailadm/removed_accounts.h"

namespace tubepost::mailadm {
namespace {

std::map<std::string, std::string> displayed(const directory::Properties& properties) {
  std::map<std::string, std::string> shown;
  for (const auto& [key, value] : properties) shown.emplace(key, directory::display_value(key, value));
  return shown;
}

Result<directory::Account> existing(const directory::Directory& directory, const std::string& text) {
  const auto address = smtp::parse_mailbox(text);
  if (!address) return Failure::permanent(printable(text) + ": not an address (user@domain)", {5, 6, 0});
  auto account = directory.find_account(*address);
  if (!account) return std::move(account).error();
  if (!*account) return Failure::permanent(printable(text) + ": no such account", {5, 1, 1});
  return std::move(**account);
}

// What the account's domain wants kept for the old mechanisms; a domain that cannot be read wants nothing.
auth::LegacySet legacy_of(const directory::Directory& directory, const directory::Account& account) {
  const auto domain = directory.find_domain(account.address.domain);
  if (!domain || !*domain) return 0;
  const auto property = (*domain)->properties.find("legacy-logins");
  return property == (*domain)->properties.end() ? 0 : auth::parse_legacy_set(property->second).value_or(0);
}

}  // namespace

AccountCommands::AccountCommands(Tool& tool) : tool_(tool) {
  const std::string pairs = "quota=SIZE, quota-messages=N, suspended=yes";
  const std::string from_stdin = "The password is the first line of stdin.";
  tool.offer("account add", "Make an account; without a password it has no login.", [this] { return add(); })
      .flag("--password-stdin", password_stdin_, from_stdin)
      .operands(words_, "USER@DOMAIN [KEY=VALUE]", pairs, 1);
  tool.offer("account remove", "Remove an account with its password and all its mail.",
             [this] { return remove(); })
      .operands(words_, "USER@DOMAIN", "The account.", 1, 1);
  tool.offer("account list", "List the accounts.", [this] { return list(); })
      .operands(words_, "DOMAIN", "Only those of this domain.", 0, 1);
  tool.offer("account show", "Show one account.", [this] { return show(); })
      .operands(words_, "USER@DOMAIN", "The account.", 1, 1);
  tool.offer("account set", "Change properties of an account.", [this] { return set(); })
      .operands(words_, "USER@DOMAIN KEY=VALUE", pairs, 2);
  tool.offer("account passwd", "Set the password; asks for it on a terminal.", [this] { return passwd(); })
      .flag("--password-stdin", password_stdin_, from_stdin)
      .operands(words_, "USER@DOMAIN", "The account.", 1, 1);
}

Result<ExitStatus> AccountCommands::add() {
  auto properties = parse_pairs(words_, 1);
  if (!properties) return std::move(properties).error();
  std::string password;
  if (password_stdin_) {
    auto given = password_from_stdin();
    if (!given) return std::move(given).error();
    password = std::move(*given);
    if (auto checked = auth::check_password_rules(password); !checked) return std::move(checked).error();
  }
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const auto account = directory->add_account(words_[0], *properties);
  if (!account) return account.error();
  if (!password_stdin_) return ExitStatus::ok;
  auto secrets = tool_.secrets();
  auto set =
      secrets ? secrets->set_password(account->id, password, legacy_of(*directory, *account))
              : Result<void>(std::move(secrets).error());
  if (set) return ExitStatus::ok;
  // An account without the password it was to have would look finished.
  (void)directory->remove_account(words_[0]);
  return std::move(set).error();
}

Result<ExitStatus> AccountCommands::remove() {
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const auto id = directory->remove_account(words_[0]);
  if (!id) return id.error();
  const auto removed = remove_remains(tool_, *id);
  if (!removed) return removed.error();
  if (removed->messages > 0) tool_.warn(std::to_string(removed->messages) + " messages were removed with it");
  return ExitStatus::ok;
}

Result<ExitStatus> AccountCommands::list() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto accounts = directory->accounts(words_.empty() ? std::string() : words_[0]);
  if (!accounts) return accounts.error();
  Listing listing({"address", "id", "suspended", "properties"});
  for (const auto& account : *accounts)
    listing.add(
        {account.address.to_text(), account.id, account.is_suspended(), displayed(account.properties)});
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

Result<ExitStatus> AccountCommands::show() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto account = existing(*directory, words_[0]);
  if (!account) return account.error();
  Fields fields{{"address", account->address.to_text()}, {"id", account->id}};
  for (const auto& [key, value] : displayed(account->properties)) fields.emplace_back(key, value);
  if (const auto secrets = tool_.secrets()) {
    const auto has_password = secrets->has_password(account->id);
    if (has_password) fields.emplace_back("login", *has_password);
  }
  if (const auto store = tool_.store()) {
    const auto usage = store->usage(account->id);
    if (usage) fields.emplace_back("messages", usage->messages), fields.emplace_back("bytes", usage->bytes);
  }
  print_fields(std::cout, style_of_stdout(tool_.json()), fields);
  return ExitStatus::ok;
}

Result<ExitStatus> AccountCommands::set() {
  auto changes = parse_pairs(words_, 1);
  if (!changes) return std::move(changes).error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->set_account(words_[0], *changes); !done) return std::move(done).error();
  return ExitStatus::ok;
}

Result<ExitStatus> AccountCommands::passwd() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto account = existing(*directory, words_[0]);
  if (!account) return account.error();
  const auto password =
      password_stdin_ ? password_from_stdin() : ask_for_password(account->address.to_text());
  if (!password) return password.error();
  auto secrets = tool_.secrets();
  if (!secrets) return std::move(secrets).error();
  if (auto set = secrets->set_password(account->id, *password, legacy_of(*directory, *account)); !set) return std::move(set).error();
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
