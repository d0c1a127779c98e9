// rule: allow and deny lists of the server, of domains and of accounts (S4).
#include <unistd.h>

#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "mailadm/groups.h"

namespace tubepost::mailadm {
namespace {

constexpr std::size_t entries_text_max = std::size_t{64} << 20;

// "-" stands for the lines of stdin; "#" begins a comment there.
Result<std::vector<std::string>> all_entries(const std::vector<std::string>& words) {
  std::vector<std::string> entries;
  for (const auto& word : words) {
    if (word != "-") {
      entries.push_back(word);
      continue;
    }
    const auto text = read_all(STDIN_FILENO, entries_text_max);
    if (!text) return text.error();
    for (const auto line : split(*text, '\n')) {
      const auto entry = trim(line.substr(0, line.find('#')));
      if (!entry.empty()) entries.emplace_back(entry);
    }
  }
  return entries;
}

}  // namespace

RuleCommands::RuleCommands(Tool& tool) : tool_(tool) {
  const std::string scopes = "server, a domain, or an account.";
  const std::string entries =
      "Addresses, domains, account names, <>, IP addresses, CIDR blocks or FIRST-LAST; - reads lines from "
      "stdin.";
  tool.offer("rule add", "Put entries into the allow or deny list of a scope.", [this] { return add(); })
      .option("--scope", scope_, "SCOPE", scopes)
      .flag("--allow", allow_, "The allow list.")
      .flag("--deny", deny_, "The deny list.")
      .operands(words_, "ENTRY", entries, 1);
  tool.offer("rule remove", "Take entries out of it.", [this] { return remove(); })
      .option("--scope", scope_, "SCOPE", scopes)
      .flag("--allow", allow_, "The allow list.")
      .flag("--deny", deny_, "The deny list.")
      .operands(words_, "ENTRY", entries, 1);
  tool.offer("rule list", "List the entries: all, or those of a scope.", [this] { return list(); })
      .option("--scope", scope_, "SCOPE", scopes)
      .flag("--allow", allow_, "Only the allow list.")
      .flag("--deny", deny_, "Only the deny list.");
}

bool RuleCommands::is_complete() const {
  if (!scope_.empty() && allow_ != deny_) return true;
  tool_.warn("say --scope, and --allow or --deny");
  return false;
}

Result<ExitStatus> RuleCommands::add() {
  if (!is_complete()) return ExitStatus::usage;
  const auto entries = all_entries(words_);
  if (!entries) return entries.error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const auto added = directory->add_rules(scope_, action(), *entries);
  if (!added) return added.error();
  return ExitStatus::ok;
}

Result<ExitStatus> RuleCommands::remove() {
  if (!is_complete()) return ExitStatus::usage;
  const auto entries = all_entries(words_);
  if (!entries) return entries.error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  const auto removed = directory->remove_rules(scope_, action(), *entries);
  if (!removed) return removed.error();
  return ExitStatus::ok;
}

Result<ExitStatus> RuleCommands::list() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto rules = scope_.empty() ? directory->rules() : directory->rules(scope_);
  if (!rules) return rules.error();
  Listing listing({"scope", "action", "entry"});
  for (const auto& rule : *rules)
    if (allow_ == deny_ || rule.action == action())
      listing.add({rule.scope, std::string(directory::to_text(rule.action)), rule.entry});
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
