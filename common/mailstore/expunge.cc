// MailStore's removals: messages, accounts, and the files nobody names any more.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t step_rows = 500;  // of remove_account: a step is a transaction others wait for

// Up to `most` keys that begin with `prefix`.
std::vector<std::string> keys_below(const lmdb::ReadTransaction& transaction, lmdb::Table table,
                                    std::string_view prefix, std::size_t most) {
  std::vector<std::string> keys;
  auto cursor = transaction.cursor(table);
  for (bool more = cursor.seek_prefix(prefix); more && keys.size() < most && cursor.key().starts_with(prefix);
       more = cursor.next())
    keys.emplace_back(cursor.key());
  return keys;
}

std::size_t erase_below(lmdb::WriteTransaction& transaction, lmdb::Table table, std::string_view prefix,
                        std::size_t most) {
  const auto keys = keys_below(transaction, table, prefix, most);
  for (const auto& key : keys) transaction.erase(table, key);
  return keys.size();
}

std::size_t erase_messages(lmdb::WriteTransaction& transaction, const schema::Tables& tables, Ledger& ledger,
                           AccountId account, std::size_t most) {
  const auto keys = keys_below(transaction, tables.messages, schema::account_key(account), most);
  for (const auto& key : keys) {
    const auto row =
        schema::need(schema::decode_message(key, *transaction.get(tables.messages, key)), "messages");
    auto* const mailbox = ledger.find(account, lmdb::read_u32(std::string_view(key).substr(8)));
    if (mailbox == nullptr) schema::damaged("messages");
    ledger.erase(account, *mailbox, row);
  }
  return keys.size();
}

int open_backup_lock(const std::string& folder) {
  return ::open((folder + "/backup.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
}

}  // namespace

Result<std::size_t> MailStore::expunge(AccountId account, MailboxId mailbox, const std::vector<Uid>& uids) {
  std::size_t removed = 0;
  std::vector<Changed> changed;
  auto committed = state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    removed = 0;
    Ledger ledger(transaction, state_->tables, state_->clock.now());
    auto* const books = ledger.find(account, mailbox);
    if (books == nullptr) return {};
    for (const Uid uid : uids) {
      const auto key = schema::message_key(account, mailbox, uid);
      const auto row = transaction.get(state_->tables.messages, key);
      if (!row) continue;
      ledger.erase(account, *books, schema::need(schema::decode_message(key, *row), "messages"));
      ++removed;
    }
    ledger.save();
    changed = ledger.changed();
    return {};
  });
  if (!committed) return std::move(committed).error();
  state_->notifier.tell(changed);
  return removed;
}

// Messages first, as an expunge, so that an interrupted removal leaves a store whose books are right; the
// rest when they are gone.
Result<void> MailStore::remove_account(AccountId account) {
  const auto& tables = state_->tables;
  const auto prefix = schema::account_key(account);
  for (bool more = true; more;) {
    auto committed = state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      Ledger ledger(transaction, tables, state_->clock.now());
      std::size_t done = erase_messages(transaction, tables, ledger, account, step_rows);
      if (more = done > 0; more) {
        ledger.save();
        return {};
      }
      for (const auto table : {tables.changes, tables.names, tables.mailboxes})
        done += erase_below(transaction, table, prefix, step_rows - done);
      if (more = done == step_rows; !more) transaction.erase(tables.accounts, prefix);
      return {};
    });
    if (!committed) return committed;
  }
  return {};
}

Result<std::size_t> MailStore::sweep(Timestamp older_than, std::size_t most) {
  const UniqueFd backup(open_backup_lock(state_->environment.folder()));
  if (!backup || ::flock(backup.get(), LOCK_EX | LOCK_NB) != 0)
    return std::size_t{0};  // a backup reads the files
  const auto& table = state_->tables.doomed;
  auto old = state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<std::string> keys;
    auto cursor = transaction.cursor(table);
    for (bool more = cursor.first(); more && keys.size() < most; more = cursor.next())
      if (schema::decode_time(cursor.value()) < older_than) keys.emplace_back(cursor.key());
    return keys;
  });
  if (!old) return std::move(old).error();
  std::size_t removed = 0;
  auto committed =
      old->empty()
          ? Result<void>()
          : state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
              removed = 0;
              for (const auto& key : *old) {
                if (!transaction.erase(table, key))
                  continue;  // delivered again meanwhile: the file is in use
                // Unlinked before the commit: after a crash the row is there and the file is gone, which
                // comes to the same.
                const auto account = lmdb::read_u64(key);
                ::unlink(state_->files
                             .path_of(account, spool::SpoolId::from_bytes(std::string_view(key).substr(8)))
                             .c_str());
                ::rmdir(state_->files.folder_of(account).c_str());  // only when it is empty
                ++removed;
              }
              return {};
            });
  if (!committed) return std::move(committed).error();
  return removed;
}

Result<std::optional<UniqueFd>> MailStore::hold_files() const {
  UniqueFd lock(open_backup_lock(state_->environment.folder()));
  if (!lock) return Failure::temporary(state_->environment.folder() + "/backup.lock: " + error_text(errno));
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return std::optional<UniqueFd>();
  return std::optional<UniqueFd>(std::move(lock));
}

}  // namespace tubepost::mailstore
