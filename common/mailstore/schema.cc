#include "mailstore/schema.h"

namespace tubepost::mailstore::schema {
namespace {

using lmdb::append_u32;
using lmdb::append_u64;

constexpr std::string_view body_magic = "TPbody1\n";
constexpr int database_damaged = -30796;  // MDB_CORRUPTED; lmdb.h is seen in common/lmdb only
constexpr std::size_t id_size = 16;

void append_text(std::string& row, std::string_view text) {
  append_u32(row, static_cast<std::uint32_t>(text.size()));
  row += text;
}

void append_time(std::string& row, Timestamp time) {
  append_u64(row, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

Timestamp to_time(std::uint64_t milliseconds) {
  return Timestamp(Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

// Takes fields from the front; what is missing makes the whole row bad, said once by complete().
class Fields {
public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      bad_ = true;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint8_t u8() {
    const auto bytes = take(1);
    return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
  }
  std::uint32_t u32() {
    const auto bytes = take(4);
    return bytes.empty() ? 0 : lmdb::read_u32(bytes);
  }
  std::uint64_t u64() {
    const auto bytes = take(8);
    return bytes.empty() ? 0 : lmdb::read_u64(bytes);
  }
  Timestamp time() { return to_time(u64()); }
  std::string text() { return std::string(take(u32())); }
  spool::SpoolId id() {
    const auto bytes = take(id_size);
    return bytes.empty() ? spool::SpoolId() : spool::SpoolId::from_bytes(bytes);
  }
  void expect(std::string_view bytes) { bad_ = take(bytes.size()) != bytes || bad_; }
  bool good() const { return !bad_; }
  bool complete() const { return !bad_ && rest_.empty(); }

private:
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace

void damaged(const char* table) { throw lmdb::Error(database_damaged, table); }

// ---- keys

std::string account_key(AccountId account) {
  std::string key;
  append_u64(key, account);
  return key;
}

std::string mailbox_key(AccountId account, MailboxId mailbox) {
  std::string key = account_key(account);
  append_u32(key, mailbox);
  return key;
}

std::string name_key(AccountId account, std::string_view name) { return account_key(account).append(name); }

std::string message_key(AccountId account, MailboxId mailbox, Uid uid) {
  std::string key = mailbox_key(account, mailbox);
  append_u32(key, uid);
  return key;
}

std::string body_key(AccountId account, const spool::SpoolId& body) {
  return account_key(account).append(body.bytes());
}

std::string change_key(AccountId account, MailboxId mailbox, ModSeq modseq) {
  std::string key = mailbox_key(account, mailbox);
  append_u64(key, modseq);
  return key;
}

std::string delivery_key(const DeliveryId& id) {
  std::string key(id.id.bytes());
  append_u32(key, id.recipient);
  return key;
}

// ---- rows, written

std::string encode(const AccountRow& row) {
  std::string bytes;
  append_u64(bytes, row.usage.bytes);
  append_u64(bytes, row.usage.messages);
  append_u32(bytes, row.next_mailbox);
  append_u32(bytes, row.last_uid_validity);
  return bytes;
}

std::string encode(const MailboxStatus& row) {
  std::string bytes;
  append_u32(bytes, row.uid_validity);
  append_u32(bytes, row.uid_next);
  append_u64(bytes, row.highest_modseq);
  append_u32(bytes, row.messages);
  append_u32(bytes, row.unseen);
  append_u32(bytes, row.deleted);
  append_u64(bytes, row.bytes);
  append_text(bytes, row.special_use);
  append_text(bytes, row.name);
  return bytes;
}

std::string encode(const MessageRow& row) {
  std::string bytes;
  append_u32(bytes, row.info.flags.system);
  append_u64(bytes, row.info.modseq);
  append_time(bytes, row.info.internal_date);
  append_time(bytes, row.info.save_date);
  append_u64(bytes, row.info.size);
  bytes += row.info.email_id.bytes();
  append_text(bytes, row.head);
  append_u32(bytes, static_cast<std::uint32_t>(row.info.flags.keywords.size()));
  for (const auto& keyword : row.info.flags.keywords) append_text(bytes, keyword);
  return bytes;
}

std::string encode(const BodyHeader& row) {
  std::string bytes(body_magic);
  append_u64(bytes, row.length);
  bytes += row.id.bytes();
  append_u32(bytes, row.crc);
  append_u32(bytes, static_cast<std::uint32_t>(row.place));
  return bytes;
}

std::string encode(const ChangeRow& row) {
  std::string bytes(1, row.expunged ? '\1' : '\0');
  append_u32(bytes, row.uid);
  return bytes;
}

std::string encode(const DeliveredRow& row) {
  std::string bytes(1, row.forgotten ? '\1' : '\0');
  append_time(bytes, row.recorded);
  append_u64(bytes, row.outcome.body_size);
  append_u32(bytes, row.outcome.body_crc);
  bytes += row.outcome.delivered ? '\1' : '\0';
  append_u32(bytes, row.outcome.status.status_class);
  append_u32(bytes, row.outcome.status.subject);
  append_u32(bytes, row.outcome.status.detail);
  append_text(bytes, row.outcome.text);
  return bytes;
}

std::string encode_time(Timestamp time) {
  std::string bytes;
  append_time(bytes, time);
  return bytes;
}

// ---- rows, read

std::optional<AccountRow> decode_account(std::string_view bytes) {
  Fields fields(bytes);
  AccountRow row;
  row.usage.bytes = fields.u64();
  row.usage.messages = fields.u64();
  row.next_mailbox = fields.u32();
  row.last_uid_validity = fields.u32();
  if (!fields.complete()) return std::nullopt;
  return row;
}

std::optional<MailboxStatus> decode_mailbox(std::string_view key, std::string_view bytes) {
  Fields names(key), fields(bytes);
  MailboxStatus row;
  names.u64();
  row.id = names.u32();
  row.uid_validity = fields.u32();
  row.uid_next = fields.u32();
  row.highest_modseq = fields.u64();
  row.messages = fields.u32();
  row.unseen = fields.u32();
  row.deleted = fields.u32();
  row.bytes = fields.u64();
  row.special_use = fields.text();
  row.name = fields.text();
  if (!names.complete() || !fields.complete()) return std::nullopt;
  return row;
}

std::optional<MessageRow> decode_message(std::string_view key, std::string_view bytes) {
  Fields names(key), fields(bytes);
  MessageRow row;
  names.u64(), names.u32();
  row.info.uid = names.u32();
  row.info.flags.system = fields.u32();
  row.info.modseq = fields.u64();
  row.info.internal_date = fields.time();
  row.info.save_date = fields.time();
  row.info.size = fields.u64();
  row.info.email_id = fields.id();
  row.head = fields.text();
  for (std::uint32_t left = fields.u32(); left > 0 && fields.good(); --left)
    row.info.flags.keywords.push_back(fields.text());
  if (!names.complete() || !fields.complete()) return std::nullopt;
  return row;
}

std::optional<BodyHeader> decode_body_header(std::string_view bytes) {
  Fields fields(bytes.substr(0, BodyHeader::encoded_size));
  BodyHeader row;
  fields.expect(body_magic);
  row.length = fields.u64();
  row.id = fields.id();
  row.crc = fields.u32();
  const auto place = fields.u32();
  if (!fields.complete() || place > 1) return std::nullopt;
  row.place = static_cast<Place>(place);
  return row;
}

std::optional<ChangeRow> decode_change(std::string_view bytes) {
  Fields fields(bytes);
  ChangeRow row;
  row.expunged = fields.u8() != 0;
  row.uid = fields.u32();
  if (!fields.complete()) return std::nullopt;
  return row;
}

std::optional<DeliveredRow> decode_delivered(std::string_view bytes) {
  Fields fields(bytes);
  DeliveredRow row;
  row.forgotten = fields.u8() != 0;
  row.recorded = fields.time();
  row.outcome.body_size = fields.u64();
  row.outcome.body_crc = fields.u32();
  row.outcome.delivered = fields.u8() != 0;
  row.outcome.status.status_class = static_cast<std::uint8_t>(fields.u32());
  row.outcome.status.subject = static_cast<std::uint16_t>(fields.u32());
  row.outcome.status.detail = static_cast<std::uint16_t>(fields.u32());
  row.outcome.text = fields.text();
  if (!fields.complete()) return std::nullopt;
  return row;
}

Timestamp decode_time(std::string_view bytes) {
  Fields fields(bytes);
  return fields.time();
}

}  // namespace tubepost::mailstore::schema
