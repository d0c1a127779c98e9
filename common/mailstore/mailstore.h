// Where delivered mail lives: accounts, their mailboxes, messages, flags, change log. Callers know mailboxes
// and messages, never LMDB, so that another engine can stand behind this interface (design.md 9). The schema
// (schema.h) is ready for IMAP.
//
// Keys begin with the account. A message is a small generated head (Return-Path, Delivered-To …) and a
// reference to a body with a count. Every change raises the mailbox's mod-sequence (RFC 7162) and is told to
// run/notify/ (design.md 5). Processes: deliver, popd, imapd, mailadm write. Threading: any thread; writes of
// several threads are one commit.
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
#include "spool/spool_id.h"

namespace tubepost::mailstore {

using AccountId = std::uint64_t;
using MailboxId = std::uint32_t;
using Uid = std::uint32_t;
using ModSeq = std::uint64_t;

inline constexpr std::string_view inbox = "INBOX";

enum Flag : std::uint32_t { seen = 1, answered = 2, flagged = 4, deleted = 8, draft = 16 };
struct Flags {
  std::uint32_t system = 0;           // of Flag
  std::vector<std::string> keywords;  // sorted; `$Forwarded` …
};

struct MailboxStatus {
  MailboxId id = 0;
  std::string name;
  std::uint32_t uid_validity = 0;
  Uid uid_next = 1;
  ModSeq highest_modseq = 1;
  std::uint32_t messages = 0, unseen = 0, deleted = 0;
  std::uint64_t bytes = 0;
  std::string special_use;  // "\Sent", …
};

struct MessageInfo {
  Uid uid = 0;
  Flags flags;
  ModSeq modseq = 0;
  Timestamp internal_date, save_date;
  std::uint64_t size = 0;   // octets of head and body together: RFC822.SIZE, POP3's size
  spool::SpoolId email_id;  // RFC 8474 OBJECTID; names the body
};

// A whole message as its reader gets it: head then body, both CRLF.
class MessageBytes {
public:
  MessageBytes(MessageBytes&&) noexcept;
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
};
struct Delivered {
  RecordedOutcome outcome;  // status 2.0.0 delivered; 4.2.2 over quota (not recorded: it may come again)
  bool again = false;       // this was the recorded outcome of an earlier run
  bool differs = false;     // another body was delivered under this id before: a bug somewhere, to be logged
};

struct Usage {
  std::uint64_t bytes = 0, messages = 0;
};

class MailStore {
public:
  struct Options {
    bool create = false;
    std::uint64_t inline_max = 256 << 10;  // store.inline-max
    bool group_commit = true;
    std::string notify_folder;  // run/notify; empty: tell nobody
    std::function<void()> commit_failed;
    // Tests only: called at each step of deliver() ("staged", "linked", "written", "committed"), so that a
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
  Result<void> list(AccountId account, MailboxId mailbox, Uid first,
                    const std::function<bool(const MessageInfo&)>& visit) const;
  Result<std::optional<MessageBytes>> fetch(AccountId account, MailboxId mailbox, Uid uid) const;
  // Removes the messages that are still there, one transaction; how many.
  Result<std::size_t> expunge(AccountId account, MailboxId mailbox, const std::vector<Uid>& uids);
  Result<void> remove_account(AccountId account);  // in steps; resumable
  // Unlinks large bodies whose last reference was dropped before that time; how many. None while a backup
  // holds the files.
  Result<std::size_t> sweep(Timestamp older_than, std::size_t most);
  // For a backup: while the descriptor is open no sweep runs, of any process. nullopt: one is running.
  Result<std::optional<UniqueFd>> hold_files() const;

  // Every broken rule of schema.h, a sentence each; `repair` mends counts, references and the change log, and
  // removes orphans.
  Result<std::vector<std::string>> check(bool repair);

private:
  struct State;
  explicit MailStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::mailstore
