// fsck: does everything in the four databases fit together?
#include <iostream>

#include "mailadm/groups.h"
#include "mailadm/removed_accounts.h"
#include "spool/spool.h"

namespace tubepost::mailadm {
namespace {

using Problems = std::vector<std::string>;

Result<Problems> check_spool(const Tool& tool, bool repair) {
  const SystemClock clock;
  spool::Spool::Options options;
  options.group_commit = false;
  auto spool = spool::Spool::open(tool.path("spool"), options, clock);
  if (!spool) return std::move(spool).error();
  return spool->check(repair);
}

Result<Problems> check_store(const Tool& tool, bool repair) {
  auto store = tool.store();
  if (!store) return std::move(store).error();
  return store->check(repair);
}

Result<Problems> check_directory(const Tool& tool, bool repair) {
  auto directory = tool.directory(repair ? Access::write : Access::read);
  if (!directory) return std::move(directory).error();
  auto problems = directory->check(repair);
  if (!problems) return problems;
  const auto aliases = directory->aliases();
  if (!aliases) return aliases.error();
  for (const auto& alias : *aliases) {
    const auto address = smtp::parse_mailbox(alias.address);
    if (!address) continue;
    const auto expansion = expand(*directory, *address, {});
    if (!expansion) return expansion.error();
    for (const auto& problem : expansion->problems) problems->push_back(problem);
  }
  return problems;
}

// Of accounts that were removed: a password or mail is left only where something was killed in the middle.
Result<Problems> check_removed_accounts(const Tool& tool, bool repair) {
  const auto directory = tool.directory(Access::read);
  const auto secrets = tool.secrets();
  const auto store = tool.store();
  if (!directory) return directory.error();
  if (!secrets) return secrets.error();
  if (!store) return store.error();
  const auto end = directory->next_account_id();
  if (!end) return end.error();
  Problems problems;
  for (directory::AccountId id = 1; id < *end; ++id) {
    const auto account = directory->find_account(id);
    if (!account) return account.error();
    if (*account) continue;
    const auto has_password = secrets->has_password(id);
    const auto usage = store->usage(id);
    if (!has_password) return has_password.error();
    if (!usage) return usage.error();
    if (!*has_password && usage->messages == 0) continue;
    problems.push_back("account " + std::to_string(id) + " was removed, but its " +
                       (*has_password ? "password" : "mail") + " is still there");
    if (!repair) continue;
    if (auto removed = remove_remains(tool, id); !removed) return std::move(removed).error();
  }
  return problems;
}

struct Part {
  const char* name;
  Result<Problems> (*check)(const Tool&, bool repair);
};
constexpr Part parts[] = {{"directory", check_directory},
                          {"accounts", check_removed_accounts},
                          {"spool", check_spool},
                          {"store", check_store}};

}  // namespace

FsckCommand::FsckCommand(Tool& tool) : tool_(tool) {
  tool.offer("fsck", "Check all databases of the instance.", [this] { return run(); })
      .flag("--repair", repair_, "Mend what can be mended.");
}

Result<ExitStatus> FsckCommand::run() {
  Listing listing({"part", "problem"});
  bool broken = false;
  for (const auto& part : parts) {
    const auto problems = part.check(tool_, repair_);
    if (!problems) return Failure(problems.error()).while_doing(part.name);
    for (const auto& problem : *problems) listing.add({std::string(part.name), problem});
    auto left = repair_ ? part.check(tool_, false) : *problems;
    if (!left) return std::move(left).error().while_doing(part.name);
    broken = broken || !left->empty();
  }
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return broken ? ExitStatus::no : ExitStatus::ok;
}

}  // namespace tubepost::mailadm
