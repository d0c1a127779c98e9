// The books of one write transaction: counts, quota usage, UIDs and mod-sequences, read once, kept here while
// messages come and go, written once by save(). Whoever adds or removes a message does it here, so that the
// rules of schema.h hold. Throws lmdb::Error. Lives in one function, no longer than its transaction.
#pragma once

#include <map>
#include <set>

#include "lmdb/environment.h"
#include "mailstore/notifier.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

// The name as it is stored: INBOX in any letters is "INBOX" (RFC 3501 5.1). nullopt: no name for a mailbox.
std::optional<std::string> mailbox_name(std::string_view name);

class Ledger {
public:
  Ledger(lmdb::WriteTransaction& transaction, const schema::Tables& tables, Timestamp now)
      : transaction_(transaction), tables_(tables), now_(now) {}

  schema::AccountRow& account(AccountId account);
  MailboxStatus* find(AccountId account,
                      MailboxId mailbox);  // nullptr: there is none; lives as long as the ledger
  MailboxStatus& find_or_make(AccountId account, const std::string& name);  // as mailbox_name gave it

  // Gives the message its UID and mod-sequence. The reference to its body is the caller's matter.
  void insert(AccountId account, MailboxStatus& mailbox, schema::MessageRow& message);
  // Takes it out, and its reference to the body with it.
  void erase(AccountId account, MailboxStatus& mailbox, const schema::MessageRow& message);

  void add_reference(AccountId account,
                     const spool::SpoolId& body);  // one more message has this body, which exists
  void save();
  std::vector<Changed> changed() const { return {changed_.begin(), changed_.end()}; }

private:
  MailboxStatus& make(AccountId account, const std::string& name);
  void drop_reference(AccountId account, const spool::SpoolId& body);

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  Timestamp now_;
  std::map<AccountId, schema::AccountRow> accounts_;
  std::map<Changed, MailboxStatus> mailboxes_;
  std::map<std::pair<AccountId, std::string>, MailboxId> names_;
  std::set<Changed> changed_;
};

}  // namespace tubepost::mailstore
