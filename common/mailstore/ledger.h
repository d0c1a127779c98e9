// One change to the store, as a unit: the books of a write transaction (counts, quota usage, UIDs,
// mod-sequences), read once, kept here while messages come and go, written once by save(). Whoever adds,
// changes or removes a message does it here, so that the rules of schema.h hold. All changes of a ledger to a
// mailbox have one mod-sequence. Throws lmdb::Error. Lives in one function, no longer than its transaction.
//
// Whoever refuses, does so before the first change: State::change() then need not undo anything.
#pragma once

#include <map>
#include <set>

#include "lmdb/environment.h"
#include "mailstore/body_files.h"
#include "mailstore/names.h"
#include "mailstore/notifier.h"
#include "mailstore/pages.h"
#include "mailstore/references.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

class Ledger {
public:
  // A mailbox in this ledger; lives as long as it.
  struct Mailbox {
    MailboxRef ref;
    schema::MailboxRow row;
    Pages pages;
    ModSeq modseq = 0;  // of this ledger's changes; 0: none yet
    UidSet vanished;
    bool is_changed = false;
    MailboxStatus& status() { return row.status; }
  };

  Ledger(lmdb::WriteTransaction& transaction, const schema::Tables& tables, const BodyFiles& files,
         Timestamp now);

  schema::AccountRow& account(AccountId account);  // to look at
  schema::AccountRow& account_to_change(AccountId account);
  Mailbox* find(MailboxRef mailbox);                          // nullptr: there is none
  Mailbox* find(AccountId account, const std::string& name);  // as mailbox_name gave it
  Result<Mailbox*> need(MailboxRef mailbox);                  // refusal::no_such_mailbox
  Result<Mailbox*> need(AccountId account, const std::string& name);
  Mailbox& make(AccountId account, const std::string& name, std::string special_use = {});
  Mailbox& find_or_make(AccountId account, const std::string& name);
  void set_name(Mailbox& mailbox, const std::string& name);
  void erase(Mailbox& mailbox);  // without messages; its row, name and entries. Not to be used afterwards.
  void list_changed(AccountId account);

  ModSeq raise(Mailbox& mailbox);  // the mod-sequence of this ledger's changes to it
  // Gives the message its UID and mod-sequence. The reference to its body is the caller's matter.
  void insert(Mailbox& mailbox, Message& message);
  void set_flags(Mailbox& mailbox, Uid uid, std::uint32_t before, std::uint32_t flags);
  // Takes it out; its reference to the body too, unless the caller has moved that elsewhere.
  enum class Reference { drop, moved };
  void erase(Mailbox& mailbox, const Message& message, Reference reference = Reference::drop);

  // The bits of these flags in the mailbox, whose table of keywords grows as needed. limit_reached: no room.
  Result<std::uint32_t> bits_of(Mailbox& mailbox, const Flags& flags);
  // The same where nothing may fail: what finds no room, or is no keyword, is left out.
  std::uint32_t bits_that_fit(Mailbox& mailbox, const Flags& flags);

  // nullopt: there is room.
  std::optional<Failure> quota_refusal(AccountId account, const Quota& quota, const Usage& more);
  static std::optional<Failure> uid_refusal(const MailboxStatus& mailbox, std::uint64_t more);

  References& references() { return references_; }
  Links& links() { return links_; }
  lmdb::WriteTransaction& transaction() { return transaction_; }
  const schema::Tables& tables() const { return tables_; }
  Timestamp now() const { return now_; }

  Result<void> save();  // and syncs the folders of linked files; the transaction may commit then
  bool has_changes() const { return has_changes_; }
  void touch() { has_changes_ = true; }  // before a write that the ledger does not see
  std::vector<Changed> changed() const { return {changed_.begin(), changed_.end()}; }

private:
  Mailbox& add(MailboxRef ref, schema::MailboxRow row);
  void change(Mailbox& mailbox);
  std::uint32_t room_for(Mailbox& mailbox, const std::string& keyword);  // its bit; 0: no room
  void save_log(Mailbox& mailbox);
  void erase_entries(MailboxRef mailbox);

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  Timestamp now_;
  References references_;
  Links links_;
  struct Account {
    schema::AccountRow row;
    bool is_changed = false;
  };
  std::map<AccountId, Account> accounts_;
  std::map<MailboxRef, Mailbox> mailboxes_;
  std::map<std::pair<AccountId, std::string>, MailboxId> made_;
  std::set<Changed> changed_;
  bool has_changes_ = false;
};

}  // namespace tubepost::mailstore
