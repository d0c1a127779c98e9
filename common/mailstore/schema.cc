#include "mailstore/schema.h"

namespace tubepost::mailstore::schema {
namespace {

using lmdb::append_u32;
using lmdb::append_u64;

constexpr std::string_view body_magic = "TPbody2\n";
constexpr char mailbox_format = '\3';  // where format 2 has the uid_validity: its programs find no mailbox in it
constexpr int database_damaged = -30796;  // MDB_CORRUPTED; lmdb.h is seen in common/lmdb only
void append_text(std::string& row, std::string_view text) {
  append_u32(row, static_cast<std::uint32_t>(text.size()));
  row += text;
}

void append_time(std::string& row, Timestamp time) {
  append_u64(row, static_cast<std::uint64_t>(time.time_since_epoch().count()));
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

Result<Tables> open_tables(lmdb::Environment& environment) {
  auto opened =
      environment.open_tables({"meta", "accounts", "mailboxes", "names", "subscribed", "messages", "marks",
                               "uids", "expunged", "bodies", "heads", "shares", "dropped", "structures", "texts",
                               "acl", "grants", "metadata", "delivered", "doomed"});
  if (!opened) return std::move(opened).error();
  const auto& t = *opened;
  return Tables{t[0],  t[1],  t[2],  t[3],  t[4],  t[5],  t[6],  t[7],  t[8], t[9],
                t[10], t[11], t[12], t[13], t[14], t[15], t[16], t[17], t[18], t[19]};
}

// ---- keys

std::string account_key(AccountId account) {
  std::string key;
  append_u64(key, account);
  return key;
}

std::string mailbox_key(MailboxRef mailbox) {
  std::string key = account_key(mailbox.account);
  append_u32(key, mailbox.mailbox);
  return key;
}

std::string name_key(AccountId account, std::string_view name) { return account_key(account).append(name); }

std::string row_key(MailboxRef mailbox, std::uint32_t number) {
  std::string key = mailbox_key(mailbox);
  append_u32(key, number);
  return key;
}

std::optional<std::uint32_t> row_number(std::string_view key) {
  constexpr std::size_t mailbox_key_size = 12;
  if (key.size() != mailbox_key_size + 4) return std::nullopt;
  return lmdb::read_u32(key.substr(mailbox_key_size));
}

std::string expunged_key(MailboxRef mailbox, ModSeq modseq) {
  std::string key = mailbox_key(mailbox);
  append_u64(key, modseq);
  return key;
}

std::string body_key(AccountId account, const spool::SpoolId& body) {
  return account_key(account).append(body.bytes());
}

std::string head_key(AccountId account, const spool::SpoolId& body, std::uint32_t head) {
  std::string key = body_key(account, body);
  append_u32(key, head);
  return key;
}

std::string dropped_key(AccountId account, std::uint64_t number) {
  std::string key = account_key(account);
  append_u64(key, number);
  return key;
}

std::string entry_key(MailboxRef mailbox, std::string_view name) { return mailbox_key(mailbox).append(name); }

std::string grant_key(std::string_view identifier, MailboxRef mailbox) {
  return std::string(identifier).append(1, '\0').append(mailbox_key(mailbox));
}

std::string delivery_key(const DeliveryId& id) {
  std::string key(id.id.bytes());
  append_u32(key, id.recipient);
  return key;
}

MailboxRef mailbox_of(std::string_view key) {
  if (key.size() < 12) return {};
  return {lmdb::read_u64(key), lmdb::read_u32(key.substr(8))};
}

// ---- rows, written

std::string encode(const AccountRow& row) {
  std::string bytes;
  append_u64(bytes, row.usage.bytes);
  append_u64(bytes, row.usage.messages);
  append_u32(bytes, row.next_mailbox);
  append_u32(bytes, row.last_uid_validity);
  append_u64(bytes, row.list_changes);
  bytes += row.provisioned ? '\1' : '\0';
  return bytes;
}

std::string encode(const MailboxRow& row) {
  std::string bytes(1, mailbox_format);
  const auto& status = row.status;
  append_u32(bytes, status.uid_validity);
  append_u32(bytes, status.uid_next);
  append_u64(bytes, status.highest_modseq);
  append_u32(bytes, status.messages);
  append_u32(bytes, status.unseen);
  append_u32(bytes, status.deleted);
  append_u64(bytes, status.bytes);
  append_u64(bytes, row.log_floor);
  append_u32(bytes, row.log_ranges);
  append_text(bytes, status.special_use);
  append_text(bytes, status.name);
  append_u32(bytes, static_cast<std::uint32_t>(status.keywords.size()));
  for (const auto& keyword : status.keywords) append_text(bytes, keyword);
  return bytes;
}

std::string mailbox_row_of_2(std::string_view bytes) { return std::string(1, mailbox_format).append(bytes); }

std::string encode(const BodyHeader& row) {
  std::string bytes(body_magic);
  append_u64(bytes, row.length);
  bytes += row.id.bytes();
  append_u32(bytes, row.crc);
  append_u32(bytes, static_cast<std::uint32_t>(row.place));
  append_u32(bytes, row.head_size);
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

std::string encode(const UidSet& row) {
  std::string bytes;
  for (const auto& range : row.ranges()) {
    append_u32(bytes, range.first);
    append_u32(bytes, range.last);
  }
  return bytes;
}

std::string encode_u32(std::uint32_t number) {
  std::string bytes;
  append_u32(bytes, number);
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
  row.list_changes = fields.u64();
  row.provisioned = fields.u8() != 0;
  if (!fields.complete()) return std::nullopt;
  return row;
}

std::optional<MailboxRow> decode_mailbox(std::string_view key, std::string_view bytes) {
  Fields names(key), fields(bytes);
  MailboxRow row;
  auto& status = row.status;
  names.u64();
  status.id = names.u32();
  fields.expect({&mailbox_format, 1});
  status.uid_validity = fields.u32();
  status.uid_next = fields.u32();
  status.highest_modseq = fields.u64();
  status.messages = fields.u32();
  status.unseen = fields.u32();
  status.deleted = fields.u32();
  status.bytes = fields.u64();
  row.log_floor = fields.u64();
  row.log_ranges = fields.u32();
  status.special_use = fields.text();
  status.name = fields.text();
  for (std::uint32_t left = fields.u32(); left > 0 && fields.good(); --left)
    status.keywords.push_back(fields.text());
  const bool too_many = status.keywords.size() > keywords_max;
  if (!names.complete() || !fields.complete() || too_many) return std::nullopt;
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
  row.head_size = fields.u32();
  if (!fields.complete() || place > 1) return std::nullopt;
  row.place = static_cast<Place>(place);
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

std::optional<UidSet> decode_uids(std::string_view bytes) {
  if (bytes.size() % 8 != 0) return std::nullopt;
  UidSet uids;
  for (; !bytes.empty(); bytes.remove_prefix(8))
    uids.add(UidRange{lmdb::read_u32(bytes), lmdb::read_u32(bytes.substr(4))});
  return uids;
}

std::optional<std::uint32_t> decode_u32(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  return lmdb::read_u32(bytes);
}

Timestamp decode_time(std::string_view bytes) {
  Fields fields(bytes);
  return fields.time();
}

}  // namespace tubepost::mailstore::schema
