#include "mailstore/ledger.h"

#include "base/text.h"

namespace tubepost::mailstore {
namespace {

// Counts that went wrong are for check() to mend, not to wrap around.
template <class T>
void take(T& from, std::type_identity_t<T> amount) {
  from -= std::min(from, amount);
}

std::uint32_t one_if(bool condition) { return condition ? 1 : 0; }
bool is_unseen(const Flags& flags) { return (flags.system & seen) == 0; }
bool is_deleted(const Flags& flags) { return (flags.system & deleted) != 0; }

}  // namespace

std::optional<std::string> mailbox_name(std::string_view name) {
  if (equal_ignoring_case(name, inbox)) return std::string(inbox);
  if (name.empty() || name.size() > mailbox_name_max || !is_valid_utf8(name)) return std::nullopt;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control)) return std::nullopt;
  return std::string(name);
}

schema::AccountRow& Ledger::account(AccountId account) {
  const auto known = accounts_.find(account);
  if (known != accounts_.end()) return known->second;
  schema::AccountRow row;
  if (const auto bytes = transaction_.get(tables_.accounts, schema::account_key(account)))
    row = schema::need(schema::decode_account(*bytes), "accounts");
  return accounts_.emplace(account, row).first->second;
}

MailboxStatus* Ledger::find(AccountId account, MailboxId mailbox) {
  const auto known = mailboxes_.find({account, mailbox});
  if (known != mailboxes_.end()) return &known->second;
  const auto key = schema::mailbox_key(account, mailbox);
  const auto bytes = transaction_.get(tables_.mailboxes, key);
  if (!bytes) return nullptr;
  auto row = schema::need(schema::decode_mailbox(key, *bytes), "mailboxes");
  return &mailboxes_.emplace(Changed{account, mailbox}, std::move(row)).first->second;
}

MailboxStatus& Ledger::find_or_make(AccountId account, const std::string& name) {
  const auto known = names_.find({account, name});
  if (known != names_.end()) return *find(account, known->second);
  const auto id = transaction_.get(tables_.names, schema::name_key(account, name));
  if (!id) return make(account, name);
  if (id->size() != 4) schema::damaged("names");
  auto* const mailbox = find(account, lmdb::read_u32(*id));
  if (mailbox == nullptr) schema::damaged("names");
  names_[{account, name}] = mailbox->id;
  return *mailbox;
}

MailboxStatus& Ledger::make(AccountId account, const std::string& name) {
  auto& owner = this->account(account);
  MailboxStatus row;
  row.id = owner.next_mailbox++;
  row.name = name;
  // RFC 3501 2.3.1.1: strictly greater for a mailbox that takes a name used before; so the account counts,
  // from the clock on.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count();
  row.uid_validity = std::max(static_cast<std::uint32_t>(seconds), owner.last_uid_validity + 1);
  owner.last_uid_validity = row.uid_validity;
  std::string id;
  lmdb::append_u32(id, row.id);
  transaction_.put(tables_.names, schema::name_key(account, name), id);
  names_[{account, name}] = row.id;
  const Changed key{account, row.id};
  changed_.insert(key);
  return mailboxes_[key] = std::move(row);
}

void Ledger::insert(AccountId account, MailboxStatus& mailbox, schema::MessageRow& message) {
  auto& info = message.info;
  info.uid = mailbox.uid_next++;
  info.modseq = ++mailbox.highest_modseq;
  transaction_.append(tables_.messages, schema::message_key(account, mailbox.id, info.uid), encode(message));
  transaction_.append(tables_.changes, schema::change_key(account, mailbox.id, info.modseq),
                      encode(schema::ChangeRow{false, info.uid}));
  mailbox.messages += 1;
  mailbox.unseen += one_if(is_unseen(info.flags));
  mailbox.deleted += one_if(is_deleted(info.flags));
  mailbox.bytes += info.size;
  auto& usage = this->account(account).usage;
  usage.bytes += info.size;
  usage.messages += 1;
  changed_.insert({account, mailbox.id});
}

void Ledger::erase(AccountId account, MailboxStatus& mailbox, const schema::MessageRow& message) {
  const auto& info = message.info;
  transaction_.erase(tables_.messages, schema::message_key(account, mailbox.id, info.uid));
  // RFC 7162 3.2.10: the expunge is a change of its own, and the last one of this UID.
  transaction_.erase(tables_.changes, schema::change_key(account, mailbox.id, info.modseq));
  transaction_.put(tables_.changes, schema::change_key(account, mailbox.id, ++mailbox.highest_modseq),
                   encode(schema::ChangeRow{true, info.uid}));
  take(mailbox.messages, 1);
  take(mailbox.unseen, one_if(is_unseen(info.flags)));
  take(mailbox.deleted, one_if(is_deleted(info.flags)));
  take(mailbox.bytes, info.size);
  auto& usage = this->account(account).usage;
  take(usage.bytes, info.size);
  take(usage.messages, 1);
  drop_reference(account, info.email_id);
  changed_.insert({account, mailbox.id});
}

void Ledger::add_reference(AccountId account, const spool::SpoolId& body) {
  const auto key = schema::body_key(account, body);
  const auto shared = transaction_.get(tables_.shares, key);
  if (shared && shared->size() != 4) schema::damaged("shares");
  std::string count;
  lmdb::append_u32(count, (shared ? lmdb::read_u32(*shared) : 1) + 1);
  transaction_.put(tables_.shares, key, count);
}

void Ledger::drop_reference(AccountId account, const spool::SpoolId& body) {
  const auto key = schema::body_key(account, body);
  if (const auto shared = transaction_.get(tables_.shares, key)) {
    if (shared->size() != 4) schema::damaged("shares");
    const auto left = lmdb::read_u32(*shared) - 1;
    std::string count;
    lmdb::append_u32(count, left);
    if (left > 1) return transaction_.put(tables_.shares, key, count);
    transaction_.erase(tables_.shares, key);
    return;
  }
  const auto value = transaction_.get(tables_.bodies, key);
  const auto header = value ? schema::decode_body_header(*value) : std::nullopt;
  if (header && header->place == schema::Place::beside)
    transaction_.put(tables_.doomed, key, schema::encode_time(now_));
  transaction_.erase(tables_.bodies, key);
  transaction_.erase(tables_.structures, key);
}

void Ledger::save() {
  for (const auto& [id, row] : accounts_)
    transaction_.put(tables_.accounts, schema::account_key(id), encode(row));
  for (const auto& key : changed_)
    transaction_.put(tables_.mailboxes, schema::mailbox_key(key.account, key.mailbox),
                     schema::encode(mailboxes_.at(key)));
}

}  // namespace tubepost::mailstore
