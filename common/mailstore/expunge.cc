// MailStore's removals: messages, accounts, and the files nobody names any more.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "mailstore/state.h"
#include "mailstore/walk.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t step_rows = 500;       // of remove_account: a step is a transaction others wait for
constexpr std::size_t step_messages = 5000;  // which a block at a time go faster
constexpr std::size_t settled_in_a_step = 500;

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

// Removes the messages of the set, `most` of them and what is in the same block; which.
UidSet erase_messages(Ledger& ledger, Ledger::Mailbox& mailbox, const UidSet& uids, Which which,
                      std::uint64_t most = UINT64_MAX) {
  UidSet gone;
  std::uint64_t count = 0;
  BlockWalk walk(ledger.transaction(), ledger.tables(), mailbox.ref, uids, Rows::may_change);
  while (count < most && walk.next())
    each_bit(walk.wanted(), [&](unsigned bit) {
      const auto message = walk.block().message(bit);
      if (which == Which::only_deleted && (message.flags & deleted) == 0) return;
      ledger.erase(mailbox, message);
      gone.add(message.uid);
      ++count;
    });
  return gone;
}

int open_backup_lock(const std::string& folder) {
  return ::open((folder + "/backup.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
}

}  // namespace

Result<Removed> MailStore::expunge(MailboxRef ref, const UidSet& uids, Which which) {
  Removed removed;
  auto committed = state_->change([&](Ledger& ledger) -> Result<void> {
    removed = {};
    auto mailbox = ledger.need(ref);
    if (!mailbox) return std::move(mailbox).error();
    removed.uids = erase_messages(ledger, **mailbox, uids, which);
    removed.modseq = (*mailbox)->modseq;
    return {};
  });
  if (!committed) return std::move(committed).error();
  return removed;
}

Result<void> MailStore::remove(AccountId account, std::string_view name) {
  const auto stored = need_mailbox_name(name);
  if (!stored) return stored.error();
  if (*stored == inbox) return Failure::permanent("INBOX cannot be deleted", refusal::not_possible);
  return state_->change([&](Ledger& ledger) -> Result<void> {
    auto mailbox = ledger.need(account, *stored);
    if (!mailbox) return std::move(mailbox).error();
    erase_messages(ledger, **mailbox, UidSet::all(), Which::all);
    ledger.erase(**mailbox);
    return {};
  });
}

// Messages first, as an expunge, so that an interrupted removal leaves a store whose books are right; then
// their bodies; the rest when they are gone.
Result<bool> MailStore::State::remove_step(Ledger& ledger, AccountId account) {
  auto& transaction = ledger.transaction();
  const auto prefix = schema::account_key(account);
  MailboxRef ref{account, 0};
  {
    auto cursor = transaction.cursor(tables.mailboxes);
    if (cursor.seek_prefix(prefix)) ref = schema::mailbox_of(cursor.key());
  }
  if (auto* const mailbox = ref.mailbox != 0 ? ledger.find(ref) : nullptr) {
    const auto gone = erase_messages(ledger, *mailbox, UidSet::all(), Which::all, step_messages);
    if (gone.empty()) ledger.erase(*mailbox);
    return true;
  }
  ledger.touch();
  if (ledger.references().settle(settled_in_a_step, account) > 0) return true;
  std::size_t done = 0;
  for (const auto table : {tables.names, tables.subscribed, tables.metadata})
    done += erase_below(transaction, table, prefix, step_rows - done);
  if (done == step_rows) return true;
  transaction.erase(tables.accounts, prefix);
  return false;
}

Result<void> MailStore::remove_account(AccountId account) {
  for (bool more = true; more;) {
    auto committed = state_->change([&](Ledger& ledger) -> Result<void> {
      auto step = state_->remove_step(ledger, account);
      if (!step) return std::move(step).error();
      more = *step;
      return {};
    });
    if (!committed) return committed;
  }
  return {};
}

Result<std::size_t> MailStore::sweep(Timestamp older_than, std::size_t most) {
  if (auto settled = state_->settle_all(); !settled) return std::move(settled).error();
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

Result<void> MailStore::State::settle_all() {
  for (std::size_t done = settled_in_a_step; done == settled_in_a_step;) {
    auto committed = commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      done = References(transaction, tables, clock.now()).settle(settled_in_a_step);
      return {};
    });
    if (!committed) return committed;
  }
  return {};
}

Result<std::optional<UniqueFd>> MailStore::hold_files() const {
  UniqueFd lock(open_backup_lock(state_->environment.folder()));
  if (!lock) return Failure::temporary(state_->environment.folder() + "/backup.lock: " + error_text(errno));
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return std::optional<UniqueFd>();
  return std::optional<UniqueFd>(std::move(lock));
}

}  // namespace tubepost::mailstore
