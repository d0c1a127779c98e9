// MailStore::check: the rules of schema.h, account by account. What an account holds is read in one
// transaction, a snapshot, so that a store in use is not accused of being half-way; to repair, the same is
// done inside a write transaction.
#include <dirent.h>
#include <unistd.h>

#include <unordered_map>
#include <unordered_set>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/text.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

using Bodies = std::map<std::string, std::uint32_t>;  // key of bodies -> messages that have it

std::string named(AccountId account) { return "account " + std::to_string(account); }

std::string body_of(std::string_view key) { return spool::SpoolId::from_bytes(key.substr(8)).to_text(); }

// One account. With a write transaction it also mends what it finds.
class AccountCheck {
public:
  AccountCheck(const lmdb::ReadTransaction& transaction, lmdb::WriteTransaction* repair,
               const schema::Tables& tables, const BodyFiles& files, AccountId account)
      : transaction_(transaction), repair_(repair), tables_(tables), files_(files), account_(account) {}

  std::vector<std::string> run();

private:
  void check_mailbox(const MailboxStatus& stored);
  void count(MailboxStatus& counted, const schema::MessageRow& message);
  std::unordered_map<Uid, ModSeq> check_changes(const MailboxStatus& stored, ModSeq& highest);
  void check_change(const MailboxStatus& mailbox, const schema::MessageRow& message,
                    const std::unordered_map<Uid, ModSeq>& changes);
  void check_names(const std::vector<MailboxStatus>& mailboxes);
  void check_strays(const std::vector<MailboxStatus>& mailboxes);
  void check_bodies();
  void check_body(const std::string& key, std::string_view value, std::uint32_t references);
  void check_usage();
  void found(const std::string& sentence) { findings_.push_back(named(account_) + ": " + sentence); }

  template <class Visit>
  void each(lmdb::Table table, const std::string& prefix, Visit visit);

  const lmdb::ReadTransaction& transaction_;
  lmdb::WriteTransaction* repair_;
  const schema::Tables& tables_;
  const BodyFiles& files_;
  AccountId account_;
  std::vector<std::string> findings_;
  Bodies references_;
  Usage usage_;
};

// Copies keys and values: `visit` may write.
template <class Visit>
void AccountCheck::each(lmdb::Table table, const std::string& prefix, Visit visit) {
  std::string from = prefix;
  for (bool more = true; more;) {
    std::vector<std::pair<std::string, std::string>> page;
    {
      auto cursor = transaction_.cursor(table);
      more = cursor.seek(from);
      for (; more && page.size() < 1000 && cursor.key().starts_with(prefix); more = cursor.next())
        page.emplace_back(cursor.key(), cursor.value());
      more = more && cursor.key().starts_with(prefix);
      if (more) from = cursor.key();
    }
    for (const auto& [key, value] : page) visit(key, value);
  }
}

std::vector<std::string> AccountCheck::run() {
  std::vector<MailboxStatus> mailboxes;
  each(tables_.mailboxes, schema::account_key(account_),
       [&](const std::string& key, const std::string& value) {
         if (auto row = schema::decode_mailbox(key, value))
           mailboxes.push_back(std::move(*row));
         else
           found("a mailbox's row is damaged");
       });
  for (const auto& mailbox : mailboxes) check_mailbox(mailbox);
  check_names(mailboxes);
  check_strays(mailboxes);
  check_bodies();
  check_usage();
  return std::move(findings_);
}

void AccountCheck::count(MailboxStatus& counted, const schema::MessageRow& message) {
  const auto& info = message.info;
  counted.messages += 1;
  counted.unseen += (info.flags.system & seen) == 0 ? 1U : 0U;
  counted.deleted += (info.flags.system & deleted) != 0 ? 1U : 0U;
  counted.bytes += info.size;
  usage_.messages += 1;
  usage_.bytes += info.size;
  ++references_[schema::body_key(account_, info.email_id)];
}

void AccountCheck::check_mailbox(const MailboxStatus& stored) {
  MailboxStatus counted = stored;
  counted.messages = counted.unseen = counted.deleted = 0;
  counted.bytes = 0;
  const auto changes = check_changes(stored, counted.highest_modseq);
  each(tables_.messages, schema::mailbox_key(account_, stored.id),
       [&](const std::string& key, const std::string& value) {
         const auto message = schema::decode_message(key, value);
         if (!message) return found("a message's row in " + stored.name + " is damaged");
         count(counted, *message);
         if (message->info.uid >= counted.uid_next) counted.uid_next = message->info.uid + 1;
         counted.highest_modseq = std::max(counted.highest_modseq, message->info.modseq);
         check_change(stored, *message, changes);
       });
  if (schema::encode(counted) == schema::encode(stored)) return;
  found("the counts of " + stored.name + " are wrong: " + std::to_string(stored.messages) + " messages of " +
        std::to_string(stored.bytes) + " bytes, found " + std::to_string(counted.messages) + " of " +
        std::to_string(counted.bytes));
  if (repair_ != nullptr)
    repair_->put(tables_.mailboxes, schema::mailbox_key(account_, stored.id), schema::encode(counted));
}

// The change log of one mailbox: each UID's last change. An expunge of a message that is there is a broken
// log.
std::unordered_map<Uid, ModSeq> AccountCheck::check_changes(const MailboxStatus& stored, ModSeq& highest) {
  std::unordered_map<Uid, ModSeq> last;
  each(tables_.changes, schema::mailbox_key(account_, stored.id),
       [&](const std::string& key, const std::string& value) {
         const auto change = schema::decode_change(value);
         if (!change || key.size() != 20)
           return found("a row of the change log of " + stored.name + " is damaged");
         const ModSeq modseq = lmdb::read_u64(std::string_view(key).substr(12));
         highest = std::max(highest, modseq);
         const bool there =
             transaction_.get(tables_.messages, schema::message_key(account_, stored.id, change->uid))
                 .has_value();
         const bool twice = !last.emplace(change->uid, modseq).second;
         if (there != change->expunged && !twice) return;
         found("the change log of " + stored.name + " is wrong about message " + std::to_string(change->uid));
         if (repair_ != nullptr) repair_->erase(tables_.changes, key);
       });
  return last;
}

void AccountCheck::check_change(const MailboxStatus& mailbox, const schema::MessageRow& message,
                                const std::unordered_map<Uid, ModSeq>& changes) {
  const auto& info = message.info;
  const auto logged = changes.find(info.uid);
  if (logged != changes.end() && logged->second == info.modseq) return;
  found("message " + std::to_string(info.uid) + " of " + mailbox.name + " is missing in the change log");
  if (repair_ != nullptr)
    repair_->put(tables_.changes, schema::change_key(account_, mailbox.id, info.modseq),
                 encode(schema::ChangeRow{false, info.uid}));
}

void AccountCheck::check_names(const std::vector<MailboxStatus>& mailboxes) {
  std::map<std::string, MailboxId> names;
  each(tables_.names, schema::account_key(account_), [&](const std::string& key, const std::string& value) {
    const MailboxId id = value.size() == 4 ? lmdb::read_u32(value) : 0;
    const auto name = key.substr(8);
    const auto is_it = [&](const MailboxStatus& mailbox) { return mailbox.id == id && mailbox.name == name; };
    if (std::any_of(mailboxes.begin(), mailboxes.end(), is_it)) {
      names[name] = id;
      return;
    }
    found("the name " + printable(name) + " leads to no mailbox");
    if (repair_ != nullptr) repair_->erase(tables_.names, key);
  });
  for (const auto& mailbox : mailboxes) {
    if (names.contains(mailbox.name)) continue;
    found("the mailbox " + mailbox.name + " has lost its name");
    std::string id;
    lmdb::append_u32(id, mailbox.id);
    if (repair_ != nullptr) repair_->put(tables_.names, schema::name_key(account_, mailbox.name), id);
  }
}

// Messages of no mailbox. They are not removed: they are mail.
void AccountCheck::check_strays(const std::vector<MailboxStatus>& mailboxes) {
  std::unordered_set<MailboxId> known;
  for (const auto& mailbox : mailboxes) known.insert(mailbox.id);
  each(tables_.messages, schema::account_key(account_),
       [&](const std::string& key, const std::string& value) {
         const auto id = key.size() < 12 ? MailboxId{0} : lmdb::read_u32(std::string_view(key).substr(8));
         if (known.contains(id)) return;
         found("a message lies in a mailbox that does not exist: number " + std::to_string(id));
         MailboxStatus ignored;
         if (const auto message = schema::decode_message(key, value)) count(ignored, *message);
       });
}

void AccountCheck::check_bodies() {
  each(tables_.bodies, schema::account_key(account_), [&](const std::string& key, const std::string& value) {
    const auto node = references_.extract(key);
    check_body(key, value, node.empty() ? 0 : node.mapped());
  });
  for (const auto& [key, count] : references_) found("the body " + body_of(key) + " of a message is missing");
}

void AccountCheck::check_body(const std::string& key, std::string_view value, std::uint32_t references) {
  const auto header = schema::decode_body_header(value);
  if (!header || key.size() != 24 || header->id.bytes() != std::string_view(key).substr(8))
    return found("a body's row is damaged");
  const auto id = header->id.to_text();
  MappedFile file;
  std::string_view bytes = value.substr(schema::BodyHeader::encoded_size);
  if (header->place == schema::Place::beside) {
    auto opened = MappedFile::open(files_.path_of(account_, header->id));
    if (!opened) return found("the body " + id + ": " + opened.error().text);
    file = std::move(*opened);
    bytes = file.bytes();
  }
  if (bytes.size() != header->length || crc32c(bytes) != header->crc) found("the body " + id + " is damaged");
  if (references == 0) {
    found("the body " + id + " belongs to no message");
    if (repair_ != nullptr) repair_->erase(tables_.bodies, key);  // its file becomes an orphan, found below
    if (repair_ != nullptr) repair_->erase(tables_.shares, key);
    return;
  }
  const auto stored = transaction_.get(tables_.shares, key);
  const auto shares = stored && stored->size() == 4 ? lmdb::read_u32(*stored) : 1;
  if (shares == references) return;
  found("the body " + id + " counts " + std::to_string(shares) + " messages, has " +
        std::to_string(references));
  if (repair_ == nullptr) return;
  std::string count;
  lmdb::append_u32(count, references);
  if (references > 1) return repair_->put(tables_.shares, key, count);
  repair_->erase(tables_.shares, key);
}

void AccountCheck::check_usage() {
  const auto key = schema::account_key(account_);
  const auto value = transaction_.get(tables_.accounts, key);
  auto row = value ? schema::decode_account(*value) : std::nullopt;
  if (row && row->usage.bytes == usage_.bytes && row->usage.messages == usage_.messages) return;
  if (!row) return found("its row is missing or damaged");
  found("the quota usage is wrong: " + std::to_string(row->usage.bytes) + " bytes in " +
        std::to_string(row->usage.messages) + " messages, found " + std::to_string(usage_.bytes) + " in " +
        std::to_string(usage_.messages));
  row->usage = usage_;
  if (repair_ != nullptr) repair_->put(tables_.accounts, key, encode(*row));
}

// Every account that has a row anywhere.
std::vector<AccountId> accounts_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables) {
  std::set<AccountId> found;
  for (const auto table : {tables.accounts, tables.mailboxes, tables.names, tables.messages, tables.bodies}) {
    auto cursor = transaction.cursor(table);
    bool more = cursor.first();
    while (more) {
      const AccountId account = lmdb::read_u64(cursor.key());
      found.insert(account);
      more = account != UINT64_MAX && cursor.seek(schema::account_key(account + 1));
    }
  }
  return {found.begin(), found.end()};
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (!folder) return names;
  while (const dirent* entry = ::readdir(folder.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  return names;
}

std::optional<AccountId> account_named(const std::string& folder) {
  AccountId account = 0;
  const auto end = folder.data() + folder.size();
  const auto [stop, error] = std::from_chars(folder.data(), end, account, 16);
  if (error != std::errc() || stop != end || folder.size() != 16) return std::nullopt;
  return account;
}

// Files no row names. Looked at inside a write transaction, where links are made: so none is just being
// delivered.
void check_files(lmdb::WriteTransaction& transaction, const schema::Tables& tables, const BodyFiles& files,
                 bool repair, std::vector<std::string>& findings) {
  for (const auto& folder : names_in(files.folder())) {
    const auto account = account_named(folder);
    for (const auto& name : names_in(files.folder() + '/' + folder)) {
      const auto id = spool::SpoolId::parse(name);
      const auto key = account && id ? schema::body_key(*account, *id) : std::string(1, '\0');
      if (transaction.get(tables.bodies, key) || transaction.get(tables.doomed, key)) continue;
      findings.push_back("bodies/" + folder + '/' + name + ": a file that no message has");
      if (repair && account && id) ::unlink((files.folder() + '/' + folder + '/' + name).c_str());
    }
  }
}

}  // namespace

Result<std::vector<std::string>> MailStore::check(bool repair) {
  const auto& tables = state_->tables;
  auto& environment = state_->environment;
  std::vector<std::string> findings;
  const auto add = [&](std::vector<std::string> more) {
    findings.insert(findings.end(), more.begin(), more.end());
  };
  auto accounts = environment.read(
      [&](const lmdb::ReadTransaction& transaction) { return accounts_of(transaction, tables); });
  if (!accounts) return std::move(accounts).error();
  for (const AccountId account : *accounts) {
    auto looked = environment.read([&](const lmdb::ReadTransaction& transaction) {
      return AccountCheck(transaction, nullptr, tables, state_->files, account).run();
    });
    if (!looked) return std::move(looked).error();
    if (repair && !looked->empty()) {
      auto mended = environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
        *looked = AccountCheck(transaction, &transaction, tables, state_->files, account).run();
        return {};
      });
      if (!mended) return std::move(mended).error();
    }
    add(std::move(*looked));
  }
  auto swept = environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    check_files(transaction, tables, state_->files, repair, findings);
    return {};
  });
  if (!swept) return std::move(swept).error();
  return findings;
}

}  // namespace tubepost::mailstore
