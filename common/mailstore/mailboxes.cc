// MailStore's list of mailboxes: create, rename (RFC 9051 6.3.6), subscriptions, those every account has.
#include <algorithm>

#include "base/text.h"
#include "mailstore/copy.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

// RFC 6154; the names most clients look for.
struct Provided {
  const char* name;
  const char* special_use;
};
constexpr Provided provided[] = {
    {"INBOX", ""},        {"Drafts", "\\Drafts"}, {"Sent", "\\Sent"},
    {"Trash", "\\Trash"}, {"Junk", "\\Junk"},     {"Archive", "\\Archive"},
};

std::size_t count_below(const lmdb::ReadTransaction& transaction, lmdb::Table table,
                        std::string_view prefix) {
  std::size_t count = 0;
  auto cursor = transaction.cursor(table);
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix); more = cursor.next())
    ++count;
  return count;
}

Failure too_many(const char* what, std::size_t most) {
  return Failure::permanent("the account has " + std::to_string(most) + ' ' + what + ", as many as it may",
                            refusal::limit_reached);
}

Failure exists(const std::string& name) {
  return Failure::permanent("there is a mailbox " + printable(name), refusal::already_exists);
}

Result<void> check_room(Ledger& ledger, AccountId account) {
  const auto prefix = schema::account_key(account);
  if (count_below(ledger.transaction(), ledger.tables().mailboxes, prefix) < mailboxes_max) return {};
  return too_many("mailboxes", mailboxes_max);
}

Result<void> subscribe_to(Ledger& ledger, AccountId account, const std::string& name) {
  auto& transaction = ledger.transaction();
  const auto table = ledger.tables().subscribed;
  const auto key = schema::name_key(account, name);
  if (transaction.get(table, key)) return {};
  if (count_below(transaction, table, schema::account_key(account)) >= subscriptions_max)
    return too_many("subscriptions", subscriptions_max);
  ledger.list_changed(account);
  transaction.put(table, key, {});
  return {};
}

// The mailbox's name, and those of all below it.
std::vector<std::string> family_of(Ledger& ledger, AccountId account, const std::string& name) {
  std::vector<std::string> names;
  if (ledger.find(account, name) != nullptr) names.push_back(name);
  const auto prefix = schema::name_key(account, name + hierarchy_separator);
  auto cursor = ledger.transaction().cursor(ledger.tables().names);
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix); more = cursor.next())
    names.emplace_back(cursor.key().substr(8));
  return names;
}

Result<void> rename_family(Ledger& ledger, AccountId account, const std::string& from,
                           const std::string& to) {
  const auto family = family_of(ledger, account, from);
  if (family.empty())
    return Failure::permanent("no such mailbox: " + printable(from), refusal::no_such_mailbox);
  if (ledger.find(account, to) != nullptr) return exists(to);  // also where `from` is but the parent of some
  std::vector<std::string> names;
  for (const auto& name : family) {
    auto renamed = need_mailbox_name(to + name.substr(from.size()));
    if (!renamed) return std::move(renamed).error();
    if (ledger.find(account, *renamed) != nullptr) return exists(*renamed);
    names.push_back(std::move(*renamed));
  }
  for (std::size_t i = 0; i < family.size(); ++i) ledger.set_name(*ledger.find(account, family[i]), names[i]);
  return {};
}

}  // namespace

Result<void> MailStore::State::rename_inbox(Ledger& ledger, AccountId account, const std::string& to) {
  auto source = ledger.need(account, std::string(inbox));
  if (!source) return std::move(source).error();
  if (ledger.find(account, to) != nullptr) return exists(to);
  if (auto room = check_room(ledger, account); !room) return room;
  Transfer transfer(ledger, files, **source, ledger.make(account, to), Transfer::Kind::move);
  auto moved = transfer.run(UidSet::all());
  return moved ? Result<void>() : std::move(moved).error();
}

Result<MailboxStatus> MailStore::open_mailbox(AccountId account, std::string_view name) {
  auto found = status(account, name);
  if (found || found.error().status != refusal::no_such_mailbox || mailbox_name(name) != inbox) return found;
  MailboxStatus made;
  auto committed = state_->change([&](Ledger& ledger) -> Result<void> {
    made = ledger.find_or_make(account, std::string(inbox)).status();
    return {};
  });
  if (!committed) return std::move(committed).error();
  return made;
}

Result<void> MailStore::provision(AccountId account) {
  const auto done = state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    const auto row = transaction.get(state_->tables.accounts, schema::account_key(account));
    return row && schema::need(schema::decode_account(*row), "accounts").provisioned;
  });
  if (!done) return done.error();
  if (*done) return {};
  return state_->change([&](Ledger& ledger) -> Result<void> {
    if (ledger.account(account).provisioned) return {};
    ledger.account_to_change(account).provisioned = true;
    for (const auto& [name, special_use] : provided) {
      if (ledger.find(account, name) == nullptr) ledger.make(account, name, special_use);
      if (auto subscribed = subscribe_to(ledger, account, name); !subscribed) return subscribed;
    }
    return {};
  });
}

Result<MailboxStatus> MailStore::create(AccountId account, std::string_view name,
                                        std::string_view special_use) {
  const auto stored = need_mailbox_name(name);
  if (!stored) return stored.error();
  MailboxStatus made;
  auto committed = state_->change([&](Ledger& ledger) -> Result<void> {
    if (ledger.find(account, *stored) != nullptr) return exists(*stored);
    if (auto room = check_room(ledger, account); !room) return room;
    made = ledger.make(account, *stored, std::string(special_use)).status();
    return {};
  });
  if (!committed) return std::move(committed).error();
  return made;
}

Result<void> MailStore::rename(AccountId account, std::string_view from, std::string_view to) {
  const auto old_name = need_mailbox_name(from), new_name = need_mailbox_name(to);
  if (!old_name) return old_name.error();
  if (!new_name) return new_name.error();
  if (new_name->starts_with(*old_name + hierarchy_separator) && *old_name != inbox)
    return Failure::permanent("a mailbox cannot go below itself", refusal::not_possible);
  return state_->change([&](Ledger& ledger) -> Result<void> {
    if (*old_name == inbox) return state_->rename_inbox(ledger, account, *new_name);
    return rename_family(ledger, account, *old_name, *new_name);
  });
}

// ---- subscriptions

Result<void> MailStore::subscribe(AccountId account, std::string_view name) {
  const auto stored = need_mailbox_name(name);
  if (!stored) return stored.error();
  return state_->change([&](Ledger& ledger) { return subscribe_to(ledger, account, *stored); });
}

Result<void> MailStore::unsubscribe(AccountId account, std::string_view name) {
  const auto stored = need_mailbox_name(name);
  if (!stored) return stored.error();
  return state_->change([&](Ledger& ledger) -> Result<void> {
    const auto key = schema::name_key(account, *stored);
    if (ledger.transaction().erase(state_->tables.subscribed, key)) ledger.list_changed(account);
    return {};
  });
}

Result<std::vector<std::string>> MailStore::subscriptions(AccountId account) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<std::string> names;
    const auto prefix = schema::account_key(account);
    auto cursor = transaction.cursor(state_->tables.subscribed);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
         more = cursor.next())
      names.emplace_back(cursor.key().substr(prefix.size()));
    return names;
  });
}

}  // namespace tubepost::mailstore
