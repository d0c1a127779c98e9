// export and apply: the directory as a text that can be kept in version control.
#include <iostream>

#include "base/file.h"
#include "mailadm/groups.h"
#include "mailadm/removed_accounts.h"

namespace tubepost::mailadm {
namespace {

constexpr std::size_t text_max = std::size_t{256} << 20;

using Ids = std::map<directory::AccountId, std::string>;

Result<Ids> ids_of(const directory::Directory& directory) {
  const auto accounts = directory.accounts();
  if (!accounts) return accounts.error();
  Ids ids;
  for (const auto& account : *accounts) ids.emplace(account.id, account.address.to_text());
  return ids;
}

// The accounts the text does not have, as a dry run sees them; a failure where one holds mail.
Result<void> refuse_if_mail_is_lost(const Tool& tool, const Ids& ids, const std::vector<std::string>& lines) {
  const auto store = tool.store();
  if (!store) return store.error();
  for (const auto& [id, address] : ids) {
    const auto line = "- account " + address;
    const auto is_removal = [&](const std::string& text) {
      return text == line || text.starts_with(line + ' ');
    };
    if (std::none_of(lines.begin(), lines.end(), is_removal)) continue;
    const auto usage = store->usage(id);
    if (!usage) return usage.error();
    if (usage->messages == 0) continue;
    return Failure::permanent(address + " is not in the text and holds " + std::to_string(usage->messages) +
                                  " messages; --with-mail removes them too",
                              {5, 7, 0});
  }
  return {};
}

Result<void> remove_what_remains(const Tool& tool, const directory::Directory& directory, const Ids& before) {
  const auto after = ids_of(directory);
  if (!after) return after.error();
  for (const auto& [id, address] : before) {
    if (after->contains(id)) continue;
    if (auto removed = remove_remains(tool, id); !removed) return std::move(removed).error();
  }
  return {};
}

}  // namespace

TextCommands::TextCommands(Tool& tool) : tool_(tool) {
  tool.offer("export", "Print server properties, domains, accounts, aliases, routes and rules as text (no passwords).",
             [this] { return export_all(); });
  tool.offer("apply", "Make them equal to such a text, and say what changes.", [this] { return apply(); })
      .flag("--dry-run", dry_run_, "Only say it.")
      .flag("--with-mail", with_mail_, "Remove the mail of accounts that are not in the text.")
      .operands(words_, "FILE", "The text; - is stdin.", 1, 1);
}

Result<ExitStatus> TextCommands::export_all() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto text = directory->export_text();
  if (!text) return text.error();
  std::cout << *text;
  return ExitStatus::ok;
}

Result<ExitStatus> TextCommands::apply() {
  const auto text = words_[0] == "-" ? read_all(0, text_max) : read_file(words_[0], text_max);
  if (!text) return text.error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const auto before = ids_of(*directory);
  if (!before) return before.error();
  auto lines = directory->apply_text(*text, true);
  if (!lines) return std::move(lines).error().while_doing(words_[0]);
  if (!dry_run_) {
    if (!with_mail_) {
      if (auto checked = refuse_if_mail_is_lost(tool_, *before, *lines); !checked)
        return std::move(checked).error();
    }
    lines = directory->apply_text(*text, false);
    if (!lines) return std::move(lines).error().while_doing(words_[0]);
    if (auto removed = remove_what_remains(tool_, *directory, *before); !removed)
      return std::move(removed).error();
  }
  for (const auto& line : *lines) std::cout << line << '\n';
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
