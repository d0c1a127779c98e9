// How the store is written: one LMDB environment, these tables. Numbers are big-endian, so that keys sort as
// numbers do; a text is its length (u32) and its bytes; a time is milliseconds since 1970 (u64); an id is the
// 16 bytes of a SpoolId.
//
//   meta        "schema"                       -> version:u32
//   accounts    account:u64                    -> bytes:u64 messages:u64 next_mailbox:u32
//   last_uid_validity:u32 mailboxes   account mailbox:u32            -> uid_validity:u32 uid_next:u32
//   highest_modseq:u64 messages:u32 unseen:u32
//                                                 deleted:u32 bytes:u64 special_use:text name:text
//   names       account name                   -> mailbox:u32
//   messages    account mailbox uid:u32        -> flags:u32 modseq:u64 internal_date:time save_date:time
//   size:u64 body:id
//                                                 head:text keywords:u32 keyword:text*
//   bodies      account body:id                -> header [bytes]
//               header = "TPbody1\n" length:u64 body:id crc32c:u32 place:u32
//               place 0: the bytes follow; place 1: they are the file bodies/ACCOUNT/BODY (16 hex digits, 26
//               letters), bare, so that it can be linked from the spool as it is
//   shares      account body:id                -> count:u32    messages that have this body, only where it is
//   more than one changes     account mailbox modseq:u64     -> expunged:u8 uid:u32 structures  account
//   body:id                -> format:u8 …   RESERVED: cached MIME structure, written and read by imapd; goes
//                                                 with its body; a format not known to the reader counts as
//                                                 missing
//   delivered   body:id recipient:u32          -> forgotten:u8 recorded:time body_size:u64 body_crc:u32
//   delivered:u8
//                                                 class:u32 subject:u32 detail:u32 text
//   doomed      account body:id                -> since:time    large files whose last reference is gone,
//   until they are unlinked
//
// Rules that hold after every commit (MailStore::check looks at each):
//   1. accounts.bytes and .messages are the sums over the account's mailboxes; those are the sums over their
//   messages.
//   2. every name leads to a mailbox that has this name, and the other way round.
//   3. every message has a body; shares (or 1) is the number of messages that have it; a body without
//   messages does not exist.
//   4. uid_next is greater than every uid, highest_modseq not less than every modseq; a message's modseq is
//   in changes, with
//      its uid, and no uid stands twice in changes.
//   5. every file of bodies/ has a row in bodies (place 1) or in doomed; every row of place 1 has its file.
//   A crash between link and commit leaves a file without a row (rule 5), nothing else; check(repair) removes
//   it.
// A newer program reads or migrates an older version; an older one refuses a newer with a sentence.
#pragma once

#include "lmdb/environment.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailstore::schema {

inline constexpr std::uint32_t version = 1;
inline constexpr std::string_view version_key = "schema";

struct Tables {
  lmdb::Table meta, accounts, mailboxes, names, messages, bodies, shares, changes, structures, delivered,
      doomed;
};

// ---- keys; the views read_* take are keys of that table

std::string account_key(AccountId account);
std::string mailbox_key(AccountId account, MailboxId mailbox);
std::string name_key(AccountId account, std::string_view name);
std::string message_key(AccountId account, MailboxId mailbox, Uid uid);
std::string body_key(AccountId account, const spool::SpoolId& body);
std::string change_key(AccountId account, MailboxId mailbox, ModSeq modseq);
std::string delivery_key(const DeliveryId& id);

// ---- rows. decode() is nullopt for bytes that are no such row.

struct AccountRow {
  Usage usage;
  MailboxId next_mailbox = 1;
  std::uint32_t last_uid_validity = 0;
};

struct MessageRow {
  MessageInfo info;  // email_id is the body's id; the uid is in the key
  std::string head;
};

enum class Place : std::uint32_t { inside, beside };

struct BodyHeader {
  static constexpr std::size_t encoded_size = 40;
  std::uint64_t length = 0;
  spool::SpoolId id;
  std::uint32_t crc = 0;
  Place place = Place::inside;
};

struct ChangeRow {
  bool expunged = false;
  Uid uid = 0;
};

struct DeliveredRow {
  bool forgotten = false;  // only the id is kept: the text is gone
  Timestamp recorded;
  RecordedOutcome outcome;
};

std::string encode(const AccountRow& row);
std::string encode(const MailboxStatus& row);  // but for the id, which is in the key
std::string encode(const MessageRow& row);
std::string encode(const BodyHeader& row);
std::string encode(const ChangeRow& row);
std::string encode(const DeliveredRow& row);

std::optional<AccountRow> decode_account(std::string_view bytes);
std::optional<MailboxStatus> decode_mailbox(std::string_view key, std::string_view bytes);
std::optional<MessageRow> decode_message(std::string_view key, std::string_view bytes);
std::optional<BodyHeader> decode_body_header(std::string_view bytes);
std::optional<ChangeRow> decode_change(std::string_view bytes);
std::optional<DeliveredRow> decode_delivered(std::string_view bytes);

std::string encode_time(Timestamp time);
Timestamp decode_time(std::string_view bytes);

// In a transaction a row that cannot be decoded ends it, as LMDB's own errors do.
[[noreturn]] void damaged(const char* table);

template <class Row>
Row need(std::optional<Row> row, const char* table) {
  if (!row) damaged(table);
  return std::move(*row);
}

}  // namespace tubepost::mailstore::schema
