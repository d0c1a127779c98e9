// MailStore's small tables of a mailbox: rights (RFC 4314) and annotations (RFC 5464).
#include <algorithm>

#include "base/text.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries entries_of(const lmdb::ReadTransaction& transaction, lmdb::Table table, MailboxRef mailbox) {
  Entries entries;
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction.cursor(table);
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix); more = cursor.next())
    entries.emplace_back(cursor.key().substr(prefix.size()), cursor.value());
  return entries;
}

Result<void> check_room(const Entries& entries, std::size_t more, std::size_t most, const char* what) {
  if (entries.size() + more <= most) return {};
  return Failure::permanent("the mailbox has " + std::to_string(most) + ' ' + what + ", as many as it may",
                            refusal::limit_reached);
}

bool has(const Entries& entries, std::string_view name) {
  return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == name; });
}

}  // namespace

Result<std::vector<AclEntry>> MailStore::acl(MailboxRef mailbox) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<AclEntry> found;
    for (auto& [identifier, rights] : entries_of(transaction, state_->tables.acl, mailbox))
      found.push_back({std::move(identifier), std::move(rights)});
    return found;
  });
}

Result<void> MailStore::set_acl(MailboxRef ref, const AclEntry& entry, std::optional<AccountId> whom) {
  if (!is_entry_name(entry.identifier, acl_identifier_max) || entry.rights.size() > acl_identifier_max)
    return Failure::permanent("no identifier: " + printable(entry.identifier), refusal::bad_name);
  return state_->change([&](Ledger& ledger) -> Result<void> {
    if (auto mailbox = ledger.need(ref); !mailbox) return std::move(mailbox).error();
    auto& transaction = ledger.transaction();
    const auto& tables = state_->tables;
    const auto key = schema::entry_key(ref, entry.identifier),
               grant = schema::grant_key(entry.identifier, ref);
    const auto entries = entries_of(transaction, tables.acl, ref);
    const bool is_new = !entry.rights.empty() && !has(entries, entry.identifier);
    if (auto room = check_room(entries, is_new ? 1 : 0, acl_entries_max, "ACL entries"); !room) return room;
    ledger.list_changed(ref.account);
    if (whom) ledger.list_changed(*whom);
    if (entry.rights.empty()) {
      transaction.erase(tables.acl, key);
      transaction.erase(tables.grants, grant);
    } else {
      transaction.put(tables.acl, key, entry.rights);
      transaction.put(tables.grants, grant, {});
    }
    return {};
  });
}

Result<std::vector<MailboxRef>> MailStore::granted_to(std::string_view identifier) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<MailboxRef> found;
    const auto prefix = std::string(identifier).append(1, '\0');
    auto cursor = transaction.cursor(state_->tables.grants);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
         more = cursor.next())
      found.push_back(schema::mailbox_of(cursor.key().substr(prefix.size())));
    return found;
  });
}

Result<std::vector<MetadataEntry>> MailStore::metadata(MailboxRef mailbox) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<MetadataEntry> found;
    for (auto& [name, value] : entries_of(transaction, state_->tables.metadata, mailbox))
      found.push_back({std::move(name), std::move(value)});
    return found;
  });
}

Result<void> MailStore::set_metadata(MailboxRef ref, const std::vector<MetadataEntry>& entries) {
  for (const auto& entry : entries) {
    if (!is_entry_name(entry.name, metadata_name_max))
      return Failure::permanent("no entry: " + printable(entry.name), refusal::bad_name);
    if (entry.value && entry.value->size() > metadata_value_max)
      return Failure::permanent("the value is larger than " + std::to_string(metadata_value_max) + " bytes",
                                refusal::limit_reached);
  }
  return state_->change([&](Ledger& ledger) -> Result<void> {
    if (ref.mailbox != 0)
      if (auto mailbox = ledger.need(ref); !mailbox) return std::move(mailbox).error();
    const auto table = state_->tables.metadata;
    const auto there = entries_of(ledger.transaction(), table, ref);
    const auto is_new = [&](const MetadataEntry& entry) { return entry.value && !has(there, entry.name); };
    const auto more = static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_new));
    if (auto room = check_room(there, more, metadata_entries_max, "annotations"); !room) return room;
    ledger.list_changed(ref.account);
    for (const auto& entry : entries) {
      const auto key = schema::entry_key(ref, entry.name);
      if (entry.value)
        ledger.transaction().put(table, key, *entry.value);
      else
        ledger.transaction().erase(table, key);
    }
    return {};
  });
}

}  // namespace tubepost::mailstore
