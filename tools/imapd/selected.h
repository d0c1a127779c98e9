// A selected mailbox as its session knows it: the UIDs that the client has been told of, in order, and up to
// which mod-sequence it has been told of changes. No transaction, no memory for each message.
//
// What another has expunged stays here until the client may be told (RFC 9051 7.5.1), so message sequence
// numbers always mean what the client thinks they mean.
#pragma once

#include <vector>

#include "imap/sequence_set.h"
#include "imapd/rights.h"
#include "mailstore/mailstore.h"

namespace tubepost::imapd {

struct Selected {
  mailstore::MailboxRef ref;
  mailstore::MailboxStatus status;  // names, UIDVALIDITY, keywords; its counts are those of the last look
  mailstore::UidSet uids;
  mailstore::ModSeq told = 0;          // changes up to here have been told
  std::uint64_t counter = 0;           // of the store, when it was looked at last
  std::vector<mailstore::ModSeq> own;  // changes of this session, which it has told itself
  mailstore::UidSet put_here;  // messages of this session, which it needs not be told of (RFC 5465 5.2)
  mailstore::UidSet saved;     // RFC 5182 $
  Rights rights = Rights::all();
  std::uint64_t rights_counter = 0;  // of the store, when they were asked for last
  bool read_only = false;
  bool uid_only = false;       // RFC 9586: no message numbers are told
  bool owes_expunges = false;  // some of `uids` have gone and the client has not been told

  std::uint32_t count() const { return static_cast<std::uint32_t>(uids.size()); }
  // The messages a client means, by UID or by number. Numbers that are not there are left out.
  mailstore::UidSet chosen(const imap::SequenceSet& set, bool by_uid) const;
};

// RFC 4314 4: the flags that may be set and taken off with these rights.
mailstore::FlagMask settable_flags(Rights rights);
// RFC 6851 4.4: what MOVE and REPLACE want of the mailbox they take a message from.
inline bool may_remove(Rights rights) { return rights.has('t') && rights.has('e'); }

mailstore::UidSet to_uid_set(const imap::Ranges& ranges);
imap::Ranges to_ranges(const mailstore::UidSet& uids);

}  // namespace tubepost::imapd
