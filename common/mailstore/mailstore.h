// Where delivered mail lives: accounts, their mailboxes, messages, flags, what changed and what vanished.
// Callers know mailboxes and messages, never LMDB, so that another engine can stand behind this interface
// (design.md 9). How it is written: schema.h; why so: docs/adr/0003.
//
// Keys begin with the account. A message is a record, a small generated head (Return-Path, Delivered-To …)
// and a reference to a body with a count. Every change raises the mailbox's mod-sequence (RFC 7162), once for
// a call, and is told to run/notify/ (design.md 5; change_watcher.h hears it). Processes: deliver, popd, imapd,
// mailadm write. Threading: any thread; writes of several threads are one commit. Failures: types.h has the
// codes of refusals; 4.3.1 is a full disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/enhanced_status.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "mailstore/new_body.h"
#include "mailstore/types.h"
#include "spool/spool_id.h"

namespace tubepost::mailstore {

// A whole message as its reader gets it: head then body, both CRLF. A binary one is stored as it came and given in
// lines (message::in_lines).
class MessageBytes {
public:
  MessageBytes(MessageBytes&&) noexcept;
  MessageBytes& operator=(MessageBytes&&) noexcept;
  ~MessageBytes();
  std::string_view head() const;
  std::string_view body() const;

private:
  friend class MailStore;
  MessageBytes();
  struct State;
  std::unique_ptr<State> state_;
};

// Under the delivery id: the whole outcome of a delivery, given back unchanged when the job comes again after
// a crash.
struct DeliveryId {
  spool::SpoolId id;
  std::uint32_t recipient = 0;
};
struct RecordedOutcome {
  EnhancedStatus status{2, 0, 0};
  std::string text;
  std::uint64_t body_size = 0;
  std::uint32_t body_crc = 0;
  bool delivered = true;
};

struct Delivery {
  DeliveryId id;
  AccountId account = 0;
  std::string mailbox{inbox};
  std::string head;       // generated fields, CRLF
  std::string_view body;  // borrowed until deliver() returns
  std::uint32_t body_crc = 0;
  std::string body_path;  // a file that may be linked in place of copying; empty: none
  Flags flags;
  Timestamp internal_date;
  std::uint64_t quota_bytes = 0, quota_messages = 0;  // 0: no limit
  std::string structure, text;                        // as Append has them
};
struct Delivered {
  RecordedOutcome outcome;  // status 2.0.0 delivered; 4.2.2 over quota (not recorded: it may come again)
  bool again = false;       // this was the recorded outcome of an earlier run
  bool differs = false;     // another body was delivered under this id before: a bug somewhere, to be logged
};

// ---- what IMAP does to a mailbox

struct MailboxView {
  MailboxStatus status;
  UidSet uids;
};

// One message of a scan; the views are valid inside the callback.
struct Scanned {
  const Message& message;
  std::string_view structure, text;  // as they were put; empty: not asked for, or not there
};
enum class With { records, structures, texts };  // each with those before it: texts with structures, too

// What has happened since a mod-sequence (RFC 7162).
struct Changes {
  MailboxStatus status;
  UidSet uids;      // that are there now
  UidSet changed;   // whose flags changed, or that are new: their modseq is greater than the one given
  UidSet vanished;  // may name UIDs that vanished before, or never were
  bool complete_log = true;  // false: it is so long ago that `vanished` is all that is not there
};

struct FlagChange {
  enum class How { add, remove, replace } how = How::add;
  Flags flags;
  std::optional<ModSeq> unchanged_since;  // RFC 7162 3.1.3
  FlagMask may_touch{};                   // others stay as they are
};
struct Stored {
  UidSet changed;     // whose flags are not what they were
  UidSet modified;    // left alone: changed since `unchanged_since`
  ModSeq modseq = 0;  // of all `changed`
};

struct Append {
  NewBody body;  // finished
  Flags flags;
  Timestamp internal_date;
  // Opaque to the store; empty: none yet. The structure of a body that is given in lines is not kept.
  std::string structure, text;
};
struct Appended {
  std::uint32_t uid_validity = 0;
  UidRange uids;  // in the order they were given
};
struct Copied {
  std::uint32_t uid_validity = 0;  // of the destination
  UidSet from;                     // those of the source that were there
  UidRange to;  // theirs in the destination, in the same order; meaningless if `from` is empty
};
struct Removed {
  UidSet uids;
  ModSeq modseq = 0;
};
enum class Which { all, only_deleted };

// What may be filled in later for a body: structure, search text.
struct Cached {
  spool::SpoolId email_id;
  std::string structure, text;  // empty: leave what is there
};

struct AclEntry {
  std::string identifier, rights;  // RFC 4314, of imapd; opaque here
};
struct MetadataEntry {  // RFC 5464
  std::string name;
  std::optional<std::string> value;  // nullopt (NIL): none, to remove it; the empty one is a value
};

class MailStore {
public:
  struct Options {
    bool create = false;
    std::uint64_t inline_max = 256 << 10;  // store.inline-max
    bool group_commit = true;
    std::string notify_folder;  // run/notify; empty: tell nobody
    std::function<void()> commit_failed;
    // Tests only: called at each step of a change ("staged", "linked", "written", "committed"), so that a
    // process can die there.
    std::function<void(std::string_view step)> at_step;
  };
  static Result<MailStore> open(const std::string& folder, const Options& options, const Clock& clock);
  MailStore(MailStore&&) noexcept;
  MailStore& operator=(MailStore&&) noexcept;
  ~MailStore();

  // All of them in one transaction, durable when it returns; outcomes in the same order. A body whose size or
  // hash differs from the one recorded under its id is not the same message: it is delivered, and the
  // outcome's text says so.
  // Outcomes in `forget` are forgotten in the same transaction.
  Result<std::vector<Delivered>> deliver(const std::vector<Delivery>& deliveries,
                                         const std::vector<DeliveryId>& forget = {});
  Result<std::size_t> forget_outcomes(const std::vector<DeliveryId>& ids);  // the outcome; the bare id stays
  // Bare ids that were recorded before that time, at most `most` of them; how many there were.
  Result<std::size_t> prune_delivered(Timestamp older_than, std::size_t most);

  // Creates INBOX where the account has none yet; any other mailbox that does not exist is a permanent
  // Failure.
  Result<MailboxStatus> open_mailbox(AccountId account, std::string_view name);
  Result<std::vector<MailboxStatus>> mailboxes(AccountId account) const;
  Result<Usage> usage(AccountId account) const;
  // In UID order, from `first`; renews its transaction; `visit` is called outside it and returns false to
  // stop.
  Result<void> list(MailboxRef mailbox, Uid first, const std::function<bool(const Message&)>& visit) const;
  Result<void> remove_account(AccountId account);  // in steps; resumable
  // Unlinks large bodies whose last reference was dropped before that time; how many. None while a backup
  // holds the files.
  Result<std::size_t> sweep(Timestamp older_than, std::size_t most);
  // For a backup: while the descriptor is open no sweep runs, of any process. nullopt: one is running.
  Result<std::optional<UniqueFd>> hold_files() const;

  // ---- mailboxes. Names are UTF-8 in NFC, levels separated by '/'; INBOX in any letters is INBOX. A mailbox
  // that does not exist: refusal::no_such_mailbox.

  // INBOX and the special-use mailboxes (Drafts, Sent, Trash, Junk, Archive), subscribed, once in the life of
  // an account: what its owner deletes later stays deleted. Cheap when it has been done.
  Result<void> provision(AccountId account);
  Result<MailboxStatus> create(AccountId account, std::string_view name, std::string_view special_use = {});
  Result<void> remove(AccountId account, std::string_view name);  // the children stay
  // With its children; INBOX's messages move to a new mailbox, and its children stay (RFC 9051 6.3.6).
  Result<void> rename(AccountId account, std::string_view from, std::string_view to);
  Result<void> subscribe(AccountId account, std::string_view name);  // also what does not exist
  Result<void> unsubscribe(AccountId account, std::string_view name);
  Result<std::vector<std::string>> subscriptions(AccountId account) const;
  Result<MailboxStatus> status(AccountId account, std::string_view name) const;
  Result<MailboxStatus> status(MailboxRef mailbox) const;

  // ---- reading a mailbox

  Result<MailboxView> view(MailboxRef mailbox) const;
  Result<Changes> changes_since(MailboxRef mailbox, ModSeq modseq) const;
  // The messages of the set that are there, in UID order. `visit` runs inside a read transaction (renewed
  // every 1,000 rows or 100 ms): no I/O in it, nothing that waits. It returns false to stop; the answer is
  // then the UID to go on from, and nullopt when all were visited.
  Result<std::optional<Uid>> scan(MailboxRef mailbox, const UidSet& uids, With with,
                                  const std::function<bool(const Scanned&)>& visit) const;
  Result<std::optional<Message>> find(MailboxRef mailbox, Uid uid) const;
  Result<std::optional<MessageBytes>> fetch(MailboxRef mailbox, Uid uid) const;
  // nullopt: the body is gone, with its last message.
  Result<std::optional<MessageBytes>> fetch(AccountId account, const Message& message) const;

  // ---- changing it: each one transaction, durable when it returns, together with other threads' (group
  // commit); what is not there any more is passed over.

  NewBody new_body() const;
  Result<Appended> append(MailboxRef mailbox, const std::vector<Append>& messages, const Quota& quota = {});
  // RFC 8508: appends to `to` and expunges `uid` of `from`, or neither (refusal::no_such_message).
  Result<Appended> replace(MailboxRef from, Uid uid, MailboxRef to, const Append& message,
                           const Quota& quota = {});
  Result<Stored> store_flags(MailboxRef mailbox, const UidSet& uids, const FlagChange& change);
  // Flags that are not in `carried`, and keywords that find no room in the destination, are left behind. `quota`
  // is that of the destination's account.
  Result<Copied> copy(MailboxRef from, const UidSet& uids, MailboxRef to, const Quota& quota = {},
                      FlagMask carried = {});
  Result<Copied> move(MailboxRef from, const UidSet& uids, MailboxRef to, const Quota& quota = {},
                      FlagMask carried = {});
  Result<Removed> expunge(MailboxRef mailbox, const UidSet& uids, Which which = Which::all);
  Result<void> put_cached(AccountId account, const std::vector<Cached>& entries);

  // ---- rights and annotations of a mailbox (MailboxId 0: of the account itself, "server")

  Result<std::vector<AclEntry>> acl(MailboxRef mailbox) const;
  // No rights: removes it. `whom`: the account that the entry is for, whose watches of its list are woken too.
  Result<void> set_acl(MailboxRef mailbox, const AclEntry& entry, std::optional<AccountId> whom = {});
  Result<std::vector<MailboxRef>> granted_to(std::string_view identifier) const;
  Result<std::vector<MetadataEntry>> metadata(MailboxRef mailbox) const;
  Result<void> set_metadata(MailboxRef mailbox, const std::vector<MetadataEntry>& entries);

  // One for each, in a read transaction; of MailboxRef{account, 0} a number that grows with the changes of its
  // list. 0: not there.
  Result<std::vector<ModSeq>> highest_modseqs(const std::vector<MailboxRef>& mailboxes) const;
  // Grows with every change anybody makes to the store; costs no transaction.
  std::uint64_t change_counter() const;

  // ---- upkeep

  // Every broken rule of schema.h, a sentence each; `repair` mends counts, references and the change log, and
  // removes orphans.
  Result<std::vector<std::string>> check(bool repair);

private:
  struct State;
  explicit MailStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::mailstore
