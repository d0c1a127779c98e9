// Does everything in the directory agree with everything else (schema.h)?
#include "directory/editor.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

using Index = std::map<std::string, std::string>;

Index load(const lmdb::ReadTransaction& transaction, lmdb::Table table) {
  Index index;
  auto cursor = transaction.cursor(table);
  for (bool more = cursor.first(); more; more = cursor.next()) index.emplace(cursor.key(), cursor.value());
  return index;
}

class Checker {
public:
  Checker(const lmdb::ReadTransaction& transaction, const Tables& tables)
      : transaction_(transaction), tables_(tables), reader_(transaction, tables) {}

  std::vector<std::string> run() {
    check_server();
    check_bindings();
    check_addresses();
    if (const auto lost = reader_.lost_rules(); lost != 0)
      problem(std::to_string(lost) + " rules are of accounts or domains that are gone, or damaged");
    if (load(transaction_, tables_.ids) != ids_)
      problem("the index of accounts by id does not fit the accounts");
    if (load(transaction_, tables_.by_age) != by_age_)
      problem("the index of accounts by age does not fit the accounts");
    return std::move(problems_);
  }
  const Index& ids() const { return ids_; }
  const Index& by_age() const { return by_age_; }
  const Index& bindings() const { return bindings_; }

private:
  void check_server();
  void check_bindings();
  void check_addresses();
  void problem(std::string text) { problems_.push_back(std::move(text)); }

  const lmdb::ReadTransaction& transaction_;
  const Tables& tables_;
  Reader reader_;
  Index ids_, by_age_, bindings_;  // as they should be
  std::vector<std::string> problems_;
};

void Checker::check_server() {
  const auto primary = reader_.primary_domain();
  if (primary.empty() ? !reader_.domains().empty() : !reader_.domain(primary).has_value())
    problem("the primary domain" + (primary.empty() ? std::string() : " " + primary) + " is missing");
  for (const auto& [key, value] : reader_.server())
    if (const auto checked = check_property(Scope::server, key, value); !checked)
      problem(checked.error().text);
}

void Checker::check_bindings() {
  for (const auto& domain : reader_.domains()) {
    const auto address = domain.properties.find("address");
    if (address != domain.properties.end() && !bindings_.emplace(address->second, domain.name).second)
      problem("two domains are bound to " + address->second);
  }
  if (load(transaction_, tables_.bindings) != bindings_)
    problem("the index of domains by local address does not fit the domains");
}

void Checker::check_addresses() {
  const bool folds = reader_.folds_case();
  const auto stored = transaction_.get(tables_.meta, "next-account");
  const AccountId next = stored ? lmdb::read_u64(*stored) : 1;
  reader_.each_entry({}, [&](const std::string& domain, const Entry& entry) {
    const smtp::Mailbox address{entry.local_part, domain};
    const auto key = address_key(address, folds);
    if (!reader_.domain(domain)) problem(address.to_text() + ": its domain is missing");
    if (!transaction_.get(tables_.addresses, key))
      problem(address.to_text() + ": stands under another address");
    if (!entry.is_account()) return;
    if (entry.id >= next) problem(address.to_text() + ": has an id that was never given");
    if (!ids_.emplace(id_key(entry.id), key).second)
      problem(address.to_text() + ": has the id of another account");
    by_age_.emplace(age_key(domain, entry.id), key);
  });
}

void rewrite(lmdb::WriteTransaction& transaction, lmdb::Table table, const Index& index) {
  for (auto cursor = transaction.cursor(table); cursor.first();) cursor.erase();
  for (const auto& [key, value] : index) transaction.put(table, key, value);
}

}  // namespace

Result<std::vector<std::string>> Directory::check(bool repair) {
  std::vector<std::string> problems;
  const auto& tables = state_->tables;
  if (!repair)
    return state_->environment.read(
        [&](const lmdb::ReadTransaction& transaction) { return Checker(transaction, tables).run(); });
  auto done = state_->environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    Checker checker(transaction, tables);
    problems = checker.run();
    if (problems.empty()) return {};
    rewrite(transaction, tables.ids, checker.ids());
    rewrite(transaction, tables.by_age, checker.by_age());
    rewrite(transaction, tables.bindings, checker.bindings());
    return {};
  });
  if (!done) return std::move(done).error();
  return problems;
}

Result<AccountId> Directory::next_account_id() const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    const auto stored = transaction.get(state_->tables.meta, "next-account");
    return stored ? lmdb::read_u64(*stored) : AccountId{1};
  });
}

}  // namespace tubepost::directory
