#include "mailstore/ledger.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::mailstore {
namespace {

// Of a mailbox's log of expunges: beyond it the oldest half goes, and clients that were away longer are told
// all that is not there (RFC 7162 3.2.7 allows it).
constexpr std::uint32_t log_ranges_max = 20'000;

// Counts that went wrong are for check() to mend, not to wrap around.
template <class T>
void take(T& from, std::type_identity_t<T> amount) {
  from -= std::min(from, amount);
}

std::uint32_t one_if(bool condition) { return condition ? 1 : 0; }
std::uint32_t unseen_in(std::uint32_t flags) { return one_if((flags & seen) == 0); }
std::uint32_t deleted_in(std::uint32_t flags) { return one_if((flags & deleted) != 0); }

std::uint32_t ranges_in(std::string_view row) { return static_cast<std::uint32_t>(row.size() / 8); }

}  // namespace

Ledger::Ledger(lmdb::WriteTransaction& transaction, const schema::Tables& tables, const BodyFiles& files,
               Timestamp now)
    : transaction_(transaction),
      tables_(tables),
      now_(now),
      references_(transaction, tables, now),
      links_(files) {}

// ---- accounts and mailboxes

schema::AccountRow& Ledger::account(AccountId account) {
  const auto known = accounts_.find(account);
  if (known != accounts_.end()) return known->second.row;
  Account found;
  if (const auto bytes = transaction_.get(tables_.accounts, schema::account_key(account)))
    found.row = schema::need(schema::decode_account(*bytes), "accounts");
  return accounts_.emplace(account, found).first->second.row;
}

schema::AccountRow& Ledger::account_to_change(AccountId account) {
  auto& row = this->account(account);
  accounts_.at(account).is_changed = has_changes_ = true;
  return row;
}

Ledger::Mailbox& Ledger::add(MailboxRef ref, schema::MailboxRow row) {
  Mailbox mailbox{ref, std::move(row), Pages(transaction_, tables_, ref), 0, {}, false};
  return mailboxes_.emplace(ref, std::move(mailbox)).first->second;
}

Ledger::Mailbox* Ledger::find(MailboxRef ref) {
  const auto known = mailboxes_.find(ref);
  if (known != mailboxes_.end()) return &known->second;
  const auto key = schema::mailbox_key(ref);
  const auto bytes = transaction_.get(tables_.mailboxes, key);
  if (!bytes) return nullptr;
  return &add(ref, schema::need(schema::decode_mailbox(key, *bytes), "mailboxes"));
}

Ledger::Mailbox* Ledger::find(AccountId account, const std::string& name) {
  const auto id = transaction_.get(tables_.names, schema::name_key(account, name));
  if (!id) return nullptr;
  auto* const mailbox = find(MailboxRef{account, schema::need(schema::decode_u32(*id), "names")});
  if (mailbox == nullptr) schema::damaged("names");
  return mailbox;
}

Result<Ledger::Mailbox*> Ledger::need(MailboxRef ref) {
  if (auto* const mailbox = find(ref)) return mailbox;
  return Failure::permanent("the mailbox does not exist any more", refusal::no_such_mailbox);
}

Result<Ledger::Mailbox*> Ledger::need(AccountId account, const std::string& name) {
  if (auto* const mailbox = find(account, name)) return mailbox;
  return Failure::permanent("no such mailbox: " + printable(name), refusal::no_such_mailbox);
}

Ledger::Mailbox& Ledger::find_or_make(AccountId account, const std::string& name) {
  auto* const mailbox = find(account, name);
  return mailbox != nullptr ? *mailbox : make(account, name);
}

Ledger::Mailbox& Ledger::make(AccountId account, const std::string& name, std::string special_use) {
  auto& owner = account_to_change(account);
  schema::MailboxRow row;
  auto& status = row.status;
  status.id = owner.next_mailbox++;
  status.special_use = std::move(special_use);
  // RFC 9051 2.3.1.1: strictly greater for a mailbox that takes a name used before; so the account counts,
  // from the clock on.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count();
  status.uid_validity = std::max(static_cast<std::uint32_t>(seconds), owner.last_uid_validity + 1);
  owner.last_uid_validity = status.uid_validity;
  auto& mailbox = add({account, status.id}, std::move(row));
  set_name(mailbox, name);
  return mailbox;
}

void Ledger::set_name(Mailbox& mailbox, const std::string& name) {
  auto& status = mailbox.status();
  const auto account = mailbox.ref.account;
  if (!status.name.empty()) transaction_.erase(tables_.names, schema::name_key(account, status.name));
  status.name = name;
  transaction_.put(tables_.names, schema::name_key(account, name), schema::encode_u32(status.id));
  change(mailbox);
  list_changed(account);
}

void Ledger::erase(Mailbox& mailbox) {
  const auto ref = mailbox.ref;
  const auto prefix = schema::mailbox_key(ref);
  transaction_.erase(tables_.names, schema::name_key(ref.account, mailbox.status().name));
  erase_entries(ref);
  for (const auto table : {tables_.expunged, tables_.metadata}) {
    auto cursor = transaction_.cursor(table);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);)
      more = cursor.erase();
  }
  mailbox.pages.flush();
  transaction_.erase(tables_.mailboxes, prefix);
  mailboxes_.erase(ref);
  changed_.insert(ref);  // so that its sessions look, and find it gone
  list_changed(ref.account);
}

void Ledger::erase_entries(MailboxRef mailbox) {
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction_.cursor(tables_.acl);
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);) {
    transaction_.erase(tables_.grants, schema::grant_key(cursor.key().substr(prefix.size()), mailbox));
    more = cursor.erase();
  }
}

void Ledger::list_changed(AccountId account) {
  account_to_change(account).list_changes += 1;
  changed_.insert({account, 0});
}

void Ledger::change(Mailbox& mailbox) {
  mailbox.is_changed = has_changes_ = true;
  changed_.insert(mailbox.ref);
}

ModSeq Ledger::raise(Mailbox& mailbox) {
  if (mailbox.modseq == 0) {
    mailbox.modseq = ++mailbox.status().highest_modseq;
    change(mailbox);
  }
  return mailbox.modseq;
}

// ---- messages

void Ledger::insert(Mailbox& mailbox, Message& message) {
  auto& status = mailbox.status();
  message.modseq = raise(mailbox);
  message.uid = status.uid_next++;
  mailbox.pages.insert(message);
  status.messages += 1;
  status.unseen += unseen_in(message.flags);
  status.deleted += deleted_in(message.flags);
  status.bytes += message.size;
  auto& usage = account_to_change(mailbox.ref.account).usage;
  usage.bytes += message.size;
  usage.messages += 1;
}

void Ledger::set_flags(Mailbox& mailbox, Uid uid, std::uint32_t before, std::uint32_t flags) {
  auto& status = mailbox.status();
  mailbox.pages.set_marks(uid, flags, raise(mailbox));
  take(status.unseen, unseen_in(before));
  take(status.deleted, deleted_in(before));
  status.unseen += unseen_in(flags);
  status.deleted += deleted_in(flags);
}

void Ledger::erase(Mailbox& mailbox, const Message& message, Reference reference) {
  auto& status = mailbox.status();
  raise(mailbox);  // RFC 7162 3.2.10: the expunge is a change of its own
  mailbox.pages.erase(message.uid);
  mailbox.vanished.add(message.uid);
  take(status.messages, 1);
  take(status.unseen, unseen_in(message.flags));
  take(status.deleted, deleted_in(message.flags));
  take(status.bytes, message.size);
  auto& usage = account_to_change(mailbox.ref.account).usage;
  take(usage.bytes, message.size);
  take(usage.messages, 1);
  if (reference == Reference::drop) references_.drop(mailbox.ref.account, message.email_id);
}

// ---- keywords

std::uint32_t Ledger::room_for(Mailbox& mailbox, const std::string& keyword) {
  auto& known = mailbox.status().keywords;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (equal_ignoring_case(known[i], keyword)) return keyword_bit(i);
  if (known.size() == keywords_max) return 0;
  known.push_back(keyword);
  change(mailbox);
  return keyword_bit(known.size() - 1);
}

Result<std::uint32_t> Ledger::bits_of(Mailbox& mailbox, const Flags& flags) {
  const auto& known = mailbox.status().keywords;
  std::set<std::string> missing;
  for (const auto& keyword : flags.keywords) {
    if (!is_keyword(keyword))
      return Failure::permanent("no keyword: " + printable(keyword), refusal::bad_name);
    const auto is_it = [&](const std::string& other) { return equal_ignoring_case(other, keyword); };
    if (std::none_of(known.begin(), known.end(), is_it)) missing.insert(to_lower(keyword));
  }
  if (known.size() + missing.size() > keywords_max)
    return Failure::permanent("the mailbox has " + std::to_string(known.size()) + " keywords, " +
                                  std::to_string(keywords_max) + " at most",
                              refusal::limit_reached);
  return bits_that_fit(mailbox, flags);
}

std::uint32_t Ledger::bits_that_fit(Mailbox& mailbox, const Flags& flags) {
  std::uint32_t bits = flags.system & system_flags;
  for (const auto& keyword : flags.keywords)
    if (is_keyword(keyword)) bits |= room_for(mailbox, keyword);
  return bits;
}

// ---- refusals

std::optional<Failure> Ledger::quota_refusal(AccountId account, const Quota& quota, const Usage& more) {
  const auto& usage = this->account(account).usage;
  const auto say = [](std::uint64_t used, std::uint64_t most, const char* what) {
    return Failure::temporary(
        "the mailbox is full: " + std::to_string(used) + " of " + std::to_string(most) + what,
        refusal::over_quota);
  };
  if (quota.bytes != 0 && usage.bytes + more.bytes > quota.bytes)
    return say(usage.bytes, quota.bytes, " bytes");
  if (quota.messages != 0 && usage.messages + more.messages > quota.messages)
    return say(usage.messages, quota.messages, " messages");
  return std::nullopt;
}

std::optional<Failure> Ledger::uid_refusal(const MailboxStatus& mailbox, std::uint64_t more) {
  if (mailbox.uid_next + more <= uid_max) return std::nullopt;
  return Failure::temporary("the mailbox has used up its numbers", refusal::out_of_uids);
}

// ---- the end

Result<void> Ledger::save() {
  references_.save();
  for (auto& [ref, mailbox] : mailboxes_) {
    if (!mailbox.is_changed) continue;
    mailbox.pages.flush();
    save_log(mailbox);
    transaction_.put(tables_.mailboxes, schema::mailbox_key(ref), schema::encode(mailbox.row));
  }
  for (const auto& [id, account] : accounts_)
    if (account.is_changed)
      transaction_.put(tables_.accounts, schema::account_key(id), schema::encode(account.row));
  if (auto synced = links_.sync(); !synced) return synced;
  links_.keep();
  return {};
}

void Ledger::save_log(Mailbox& mailbox) {
  if (mailbox.vanished.empty()) return;
  auto& row = mailbox.row;
  const auto ranges =
      static_cast<std::uint32_t>(std::min<std::size_t>(mailbox.vanished.ranges().size(), log_ranges_max));
  const auto prefix = schema::mailbox_key(mailbox.ref);
  if (row.log_ranges + ranges > log_ranges_max) {
    auto cursor = transaction_.cursor(tables_.expunged);
    bool more = cursor.seek_prefix(prefix);
    while (more && cursor.key().starts_with(prefix) && row.log_ranges + ranges > log_ranges_max / 2) {
      row.log_floor = lmdb::read_u64(cursor.key().substr(prefix.size()));
      take(row.log_ranges, ranges_in(cursor.value()));
      more = cursor.erase();
    }
  }
  if (mailbox.vanished.ranges().size() > log_ranges_max) {  // alone too much: this is where the log begins
    row.log_floor = mailbox.modseq;
    return;
  }
  transaction_.put(tables_.expunged, schema::expunged_key(mailbox.ref, mailbox.modseq),
                   schema::encode(mailbox.vanished));
  row.log_ranges += ranges;
}

}  // namespace tubepost::mailstore
