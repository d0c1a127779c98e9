// Changes of accounts, aliases and routes.
#include <set>

#include "base/text.h"
#include "directory/editor.h"
#include "directory/refusals.h"
#include "directory/rule_keys.h"

namespace tubepost::directory {
namespace {

constexpr std::size_t targets_max = expansion_leaves_max;

Failure no_such(const char* what, std::string_view address) {
  return absent(printable(address) + ": no such " + what);
}

Result<std::vector<smtp::Mailbox>> parse_targets(const std::vector<std::string>& texts) {
  std::vector<smtp::Mailbox> targets;
  for (const auto& text : texts) {
    auto target = smtp::parse_mailbox(text);
    if (!target || target->domain.empty())
      return bad_data(printable(text) + ": not an address (user@domain)").while_doing("target");
    targets.push_back(std::move(*target));
  }
  return targets;
}

}  // namespace

AccountId Editor::next_id() {
  const auto stored = transaction_.get(tables_.meta, "next-account");
  const AccountId id = stored ? lmdb::read_u64(*stored) : 1;
  transaction_.put(tables_.meta, "next-account", id_key(id + 1));
  return id;
}

void Editor::put_entry(const smtp::Mailbox& address, const Entry& entry) {
  const auto key = address_key(address, reader_.folds_case());
  transaction_.put(tables_.addresses, key, encode(entry));
  if (!entry.is_account()) return;
  transaction_.put(tables_.ids, id_key(entry.id), key);
  transaction_.put(tables_.by_age, age_key(address.domain, entry.id), key);
}

Result<smtp::Mailbox> Editor::new_address(std::string_view text) const {
  auto address = check_local_address(text);
  if (!address) return address;
  const auto domain = reader_.domain(address->domain);
  if (!domain) return absent(address->domain + ": no such domain (mailadm domain add makes it)");
  if (domain->contains("relay"))
    return refused(address->domain + " is another server's domain (relay=yes): no accounts or aliases here");
  return address;
}

Result<Account> Editor::add_account(std::string_view text, const Properties& properties) {
  const auto address = new_address(text);
  if (!address) return address.error();
  if (const auto other = reader_.entry(*address)) {
    const auto name = smtp::Mailbox{other->local_part, address->domain}.to_text();
    const bool same = other->local_part == address->local_part;
    return refused(address->to_text() + ": " + (same ? "this" : name + ", which differs only in case,") +
                   " is an " + (other->is_account() ? "account" : "alias") + " already");
  }
  auto checked = with_changes(Scope::account, {}, properties);
  if (!checked) return std::move(checked).error();
  Entry entry{next_id(), address->local_part, std::move(*checked), {}};
  put_entry(*address, entry);
  return to_account(std::move(entry), address->domain);
}

Result<void> Editor::set_account(std::string_view text, const Properties& changes) {
  const auto address = check_local_address(text);
  if (!address) return address.error();
  auto entry = reader_.entry(*address);
  if (!entry || !entry->is_account()) return no_such("account", text);
  auto checked = with_changes(Scope::account, std::move(entry->properties), changes);
  if (!checked) return std::move(checked).error();
  entry->properties = std::move(*checked);
  put_entry(*address, *entry);
  return {};
}

Result<void> Editor::respell_account(const smtp::Mailbox& address) {
  auto entry = reader_.entry(address);
  if (!entry || !entry->is_account()) return no_such("account", address.to_text());
  entry->local_part = address.local_part;
  put_entry(address, *entry);
  return {};
}

Result<AccountId> Editor::remove_account(std::string_view text) {
  const auto address = check_local_address(text);
  if (!address) return address.error();
  const auto entry = reader_.entry(*address);
  if (!entry || !entry->is_account()) return no_such("account", text);
  transaction_.erase(tables_.addresses, address_key(*address, reader_.folds_case()));
  transaction_.erase(tables_.ids, id_key(entry->id));
  transaction_.erase(tables_.by_age, age_key(address->domain, entry->id));
  forget_rules(account_rules(entry->id));
  return entry->id;
}

Result<void> Editor::add_alias(std::string_view text, const std::vector<std::string>& texts) {
  const auto address = new_address(text);
  if (!address) return address.error();
  const auto targets = parse_targets(texts);
  if (!targets) return targets.error();
  auto entry = reader_.entry(*address).value_or(Entry{0, address->local_part, {}, {}});
  if (entry.is_account()) return refused(address->to_text() + ": this is an account already");
  std::set<smtp::Mailbox> all(entry.targets.begin(), entry.targets.end());
  all.insert(targets->begin(), targets->end());
  if (all.empty()) return bad_data(address->to_text() + ": an alias needs a target");
  if (all.size() > targets_max)
    return refused(address->to_text() + ": more than " + std::to_string(targets_max) + " targets");
  const bool folds = reader_.folds_case();
  for (const auto& target : all)
    if (address_key(target, folds) == address_key(*address, folds))
      return bad_data(address->to_text() + ": an alias cannot be its own target");
  entry.targets.assign(all.begin(), all.end());
  put_entry(*address, entry);
  return {};
}

Result<void> Editor::remove_alias(std::string_view text, const std::vector<std::string>& texts) {
  const auto address = check_local_address(text);
  if (!address) return address.error();
  const auto targets = parse_targets(texts);
  if (!targets) return targets.error();
  auto entry = reader_.entry(*address);
  if (!entry || entry->is_account()) return no_such("alias", text);
  std::set<smtp::Mailbox> left(entry->targets.begin(), entry->targets.end());
  for (const auto& target : *targets)
    if (left.erase(target) == 0) return no_such("target", target.to_text()).while_doing(address->to_text());
  if (targets->empty() || left.empty()) {
    transaction_.erase(tables_.addresses, address_key(*address, reader_.folds_case()));
    return {};
  }
  entry->targets.assign(left.begin(), left.end());
  put_entry(*address, *entry);
  return {};
}

Result<void> Editor::add_route(const Route& route) {
  const auto checked = parse_route(route.pattern, destination_text(route), route.by_sender);
  if (!checked) return checked.error();
  const auto key = route_key(checked->pattern, checked->by_sender);
  if (key.empty()) return bad_data(printable(route.pattern) + ": too long");
  transaction_.put(tables_.routes, key, encode(*checked));
  return {};
}

Result<void> Editor::remove_route(std::string_view pattern, bool by_sender) {
  const auto key = route_key(pattern, by_sender);
  if (key.empty() || !transaction_.erase(tables_.routes, key)) return no_such("route", pattern);
  return {};
}

}  // namespace tubepost::directory
