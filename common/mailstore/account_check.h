// The rules of schema.h for one account. With a write transaction it also mends what it finds. For the .cc
// files of this folder; lives no longer than its transaction.
#pragma once

#include <map>
#include <set>

#include "mailstore/block.h"
#include "mailstore/body_files.h"

namespace tubepost::mailstore {

class AccountCheck {
public:
  AccountCheck(const lmdb::ReadTransaction& transaction, lmdb::WriteTransaction* repair,
               const schema::Tables& tables, const BodyFiles& files, AccountId account)
      : transaction_(transaction), repair_(repair), tables_(tables), files_(files), account_(account) {}

  std::vector<std::string> run();

private:
  // What the blocks and marks of a mailbox say.
  struct Counted {
    MailboxStatus status;
    UidSet uids;
    std::map<std::uint32_t, ModSeq> chunks;  // the greatest modseq in each

    void mark(Uid uid, std::uint32_t flags, ModSeq modseq);
  };

  // account_check.cc
  void check_mailbox(const schema::MailboxRow& stored);
  void check_block(const std::string& key, const std::string& value, Counted& counted);
  void check_marks(MailboxRef mailbox, Counted& counted);
  void rebuild_marks(MailboxRef mailbox, Counted& counted, const UidSet& unmarked);
  void check_chunks(MailboxRef mailbox, const Counted& counted);
  void rebuild_chunks(MailboxRef mailbox, const Counted& counted);
  void check_log(schema::MailboxRow& row, const Counted& counted);
  void check_names();
  void check_strays();
  void check_usage();
  // body_check.cc
  void count_dropped();
  void check_head(const Message& message);
  void check_bodies();
  void check_body(const std::string& key, std::string_view value, std::uint32_t references);
  void check_shares(const std::string& key, const std::string& id, std::uint32_t references);
  void check_companions();  // heads, structures, texts
  void check_grants();

  void found(const std::string& sentence);
  void erase(lmdb::Table table, const std::string& key) {
    if (repair_ != nullptr) repair_->erase(table, key);
  }
  void put(lmdb::Table table, const std::string& key, std::string_view value) {
    if (repair_ != nullptr) repair_->put(table, key, value);
  }
  std::string name_of(MailboxRef mailbox) const;

  // Copies keys and values: `visit` may write.
  template <class Visit>
  void each(lmdb::Table table, const std::string& prefix, Visit visit);

  const lmdb::ReadTransaction& transaction_;
  lmdb::WriteTransaction* repair_;
  const schema::Tables& tables_;
  const BodyFiles& files_;
  AccountId account_;
  std::vector<std::string> findings_;
  std::map<MailboxId, MailboxStatus> mailboxes_;
  std::map<std::string, std::uint32_t> references_;  // key of bodies -> messages and places in dropped
  Usage usage_;
};

template <class Visit>
void AccountCheck::each(lmdb::Table table, const std::string& prefix, Visit visit) {
  constexpr std::size_t page_rows = 1000;
  std::string from = prefix;
  for (bool more = true; more;) {
    std::vector<std::pair<std::string, std::string>> page;
    {
      auto cursor = transaction_.cursor(table);
      more = cursor.seek(from);
      for (; more && page.size() < page_rows && cursor.key().starts_with(prefix); more = cursor.next())
        page.emplace_back(cursor.key(), cursor.value());
      more = more && cursor.key().starts_with(prefix);
      if (more) from = cursor.key();
    }
    for (const auto& [key, value] : page) visit(key, value);
  }
}

}  // namespace tubepost::mailstore
