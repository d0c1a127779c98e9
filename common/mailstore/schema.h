// How the store is written: one LMDB environment, these tables. Numbers are big-endian, so that keys sort as
// numbers do; a text is its length (u32) and its bytes; a time is milliseconds since 1970 (u64); an id is the
// 16 bytes of a SpoolId, which begin with a time: what came together lies together. Why so: docs/adr/0003.
//
//   meta        "schema"                        -> version:u32
//   accounts    account:u64                     -> bytes:u64 messages:u64 next_mailbox:u32 last_uid_validity:u32
//                                                  list_changes:u64 provisioned:u8
//   mailboxes   account mailbox:u32             -> format:u8 uid_validity:u32 uid_next:u32 highest_modseq:u64
//                                                  messages:u32 unseen:u32 deleted:u32 bytes:u64 log_floor:u64
//                                                  log_ranges:u32 special_use:text name:text keywords:u32
//                                                  keyword:text*
//   names       account name                    -> mailbox:u32
//   subscribed  account name                    -> nothing
//   messages    account mailbox uid/32:u32      -> a block (block.h): what stays of a message as it is
//   marks       account mailbox uid/64:u32      -> marks (block.h): flags and mod-sequences
//   uids        account mailbox uid/8192:u32    -> highest_modseq:u64 bitmap                 a chunk (block.h)
//   expunged    account mailbox modseq:u64      -> { first:u32 last:u32 }*
//   bodies      account body:id                 -> header [head] [bytes]
//               header = "TPbody2\n" length:u64 body:id crc32c:u32 place:u32 head_size:u32
//               place 0: the bytes follow; place 1: they are the file bodies/ACCOUNT/BODY (16 hex digits, 26
//               letters), bare, so that it can be linked from the spool as it is. The head is number 1.
//   heads       account body:id head:u32        -> bytes    of further deliveries of a body; numbers from 2
//   shares      account body:id                 -> count:u32    of references, only where it is more than one
//   dropped     account number:u64              -> body:id+     references given up, not yet taken off
//   structures  account body:id                 -> bytes of imapd: the MIME structure; goes with its body
//   texts       account body:id                 -> bytes of imapd: what SEARCH looks through; goes with its body
//   acl         account mailbox identifier      -> rights
//   grants      identifier NUL account mailbox  -> nothing      the index of acl
//   metadata    account mailbox name            -> value        mailbox 0: the account's own
//   delivered   body:id recipient:u32           -> forgotten:u8 recorded:time body_size:u64 body_crc:u32
//                                                  delivered:u8 class:u32 subject:u32 detail:u32 text
//   doomed      account body:id                 -> since:time   large files whose last reference is gone, until
//                                                  they are unlinked
//
// Rules that hold after every commit (MailStore::check looks at each):
//   1. accounts.bytes and .messages are the sums over the account's mailboxes; those are the sums over their
//      messages.
//   2. every name leads to a mailbox that has this name, and the other way round.
//   3. the references to a body are the messages that have it and its places in dropped; shares (or 1) is
//      their number; there is no body without; every message has its body, and its head if it names one.
//   4. uid_next is greater than every uid; highest_modseq of a mailbox and chunk is not less than every modseq
//      in it; the bits of marks and chunks are those of the blocks; none of them is without a message.
//   5. every row of expunged has a modseq above log_floor and not above highest_modseq, and names no UID that
//      is there; log_ranges is the number of ranges in all of them.
//   6. every file of bodies/ has a row in bodies (place 1) or in doomed; every row of place 1 has its file.
//   7. heads, structures and texts belong to a body; acl and metadata to a mailbox; grants is acl, turned.
//   A crash between link and commit leaves a file without a row (rule 6), nothing else; check(repair) removes
//   it.
// A newer program brings an older store to its own format when it opens it (migration.h); an older one refuses a newer with a
// sentence, and finds its mailboxes damaged if it was running meanwhile: their rows begin with the format. Format 1 was never
// released and is refused as well.
#pragma once

#include "lmdb/environment.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailstore::schema {

inline constexpr std::size_t id_size = 16;  // of a body

// Times are stored as milliseconds.
inline Timestamp to_time(std::uint64_t milliseconds) {
  return Timestamp(Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

inline constexpr std::uint32_t version = 3;
inline constexpr std::string_view version_key = "schema";

struct Tables {
  lmdb::Table meta, accounts, mailboxes, names, subscribed, messages, marks, uids, expunged, bodies, heads, shares,
      dropped, structures, texts, acl, grants, metadata, delivered, doomed;
};
Result<Tables> open_tables(lmdb::Environment& environment);

// ---- keys

std::string account_key(AccountId account);
std::string mailbox_key(MailboxRef mailbox);
std::string name_key(AccountId account, std::string_view name);  // names, subscribed
std::string row_key(MailboxRef mailbox, std::uint32_t number);  // messages, marks, uids
std::optional<std::uint32_t> row_number(std::string_view key);  // nullopt: it is no such key
std::string expunged_key(MailboxRef mailbox, ModSeq modseq);
std::string body_key(AccountId account, const spool::SpoolId& body);
std::string head_key(AccountId account, const spool::SpoolId& body, std::uint32_t head);
std::string dropped_key(AccountId account, std::uint64_t number);
std::string entry_key(MailboxRef mailbox, std::string_view name);  // acl, metadata
std::string grant_key(std::string_view identifier, MailboxRef mailbox);
std::string delivery_key(const DeliveryId& id);

// The mailbox at the beginning of a key.
MailboxRef mailbox_of(std::string_view key);

// ---- rows. decode() is nullopt for bytes that are no such row.

struct AccountRow {
  Usage usage;
  MailboxId next_mailbox = 1;
  std::uint32_t last_uid_validity = 0;
  std::uint64_t list_changes = 0;  // of mailboxes and subscriptions
  bool provisioned = false;
};

struct MailboxRow {
  MailboxStatus status;  // but for the id, which is in the key
  ModSeq log_floor = 1;  // expunges up to here are not in the log any more
  std::uint32_t log_ranges = 0;
};

enum class Place : std::uint32_t { inside, beside };

struct BodyHeader {
  static constexpr std::size_t encoded_size = 44;
  std::uint64_t length = 0;
  spool::SpoolId id;
  std::uint32_t crc = 0;
  Place place = Place::inside;
  std::uint32_t head_size = 0;
};

struct DeliveredRow {
  bool forgotten = false;  // only the id is kept: the text is gone
  Timestamp recorded;
  RecordedOutcome outcome;
};

std::string encode(const AccountRow& row);
std::string encode(const MailboxRow& row);
std::string encode(const BodyHeader& row);
std::string encode(const DeliveredRow& row);
std::string encode(const UidSet& row);  // of expunged

std::optional<AccountRow> decode_account(std::string_view bytes);
std::optional<MailboxRow> decode_mailbox(std::string_view key, std::string_view bytes);
std::optional<BodyHeader> decode_body_header(std::string_view bytes);
std::optional<DeliveredRow> decode_delivered(std::string_view bytes);
std::optional<UidSet> decode_uids(std::string_view bytes);

std::string mailbox_row_of_2(std::string_view bytes);  // a row of format 2 as one of this

std::string encode_u32(std::uint32_t number);
std::optional<std::uint32_t> decode_u32(std::string_view bytes);
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
