// MailStore::check: the rules of schema.h, account by account. What an account holds is read in one
// transaction, a snapshot, so that a store in use is not accused of being half-way; to repair, the same is
// done inside a write transaction.
#include <dirent.h>
#include <unistd.h>

#include <charconv>

#include "base/file.h"
#include "mailstore/account_check.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

// Every account that has a row anywhere.
std::vector<AccountId> accounts_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables) {
  std::set<AccountId> found;
  for (const auto table :
       {tables.accounts, tables.mailboxes, tables.names, tables.messages, tables.marks, tables.uids, tables.expunged,
        tables.bodies, tables.dropped, tables.structures, tables.texts, tables.acl, tables.metadata}) {
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

// Rights in the index that no mailbox gives.
void check_grants(lmdb::WriteTransaction& transaction, const schema::Tables& tables, bool repair,
                  std::vector<std::string>& findings) {
  std::vector<std::string> wrong;
  {
    auto cursor = transaction.cursor(tables.grants);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      const auto key = cursor.key();
      const auto end = key.find('\0');
      const bool is_key = end != key.npos && key.size() == end + 13;
      const auto ref = is_key ? schema::mailbox_of(key.substr(end + 1)) : MailboxRef();
      if (!is_key || !transaction.get(tables.acl, schema::entry_key(ref, key.substr(0, end))))
        wrong.emplace_back(key);
    }
  }
  for (const auto& key : wrong) {
    findings.push_back("the index of rights names one that no mailbox gives");
    if (repair) transaction.erase(tables.grants, key);
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
    check_grants(transaction, tables, repair, findings);
    return {};
  });
  if (!swept) return std::move(swept).error();
  return findings;
}

}  // namespace tubepost::mailstore
