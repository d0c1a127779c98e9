// Looking up one message.
#include "spool/read.h"
#include "spool/state.h"

namespace tubepost::spool {

std::optional<Envelope> read_envelope(const lmdb::ReadTransaction& read, const Tables& tables,
                                      const SpoolId& id) {
  const auto value = read.get(tables.envelopes, id.bytes());
  return value ? decode_envelope(*value) : std::nullopt;
}

std::vector<Recipient> read_recipients(const lmdb::ReadTransaction& read, const Tables& tables,
                                       const SpoolId& id) {
  std::vector<Recipient> recipients;
  lmdb::Cursor cursor = read.cursor(tables.recipients);
  for (bool more = cursor.seek(id.bytes()); more && cursor.key().starts_with(id.bytes());
       more = cursor.next()) {
    const auto key = parse_recipient_key(cursor.key());
    auto recipient = key ? decode_recipient(key->number, cursor.value()) : std::nullopt;
    if (recipient) recipients.push_back(std::move(*recipient));
  }
  return recipients;
}

Result<std::optional<Queued>> Spool::find(const SpoolId& id) const {
  return state_->environment.read([&](lmdb::ReadTransaction& read) -> Result<std::optional<Queued>> {
    if (!read.get(state_->tables.envelopes, id.bytes())) return std::optional<Queued>();
    auto envelope = read_envelope(read, state_->tables, id);
    if (!envelope) return Failure::permanent("the envelope of " + id.to_text() + " is damaged");
    return std::optional<Queued>(Queued{id, std::move(*envelope), read_recipients(read, state_->tables, id)});
  });
}

Result<std::uint64_t> Spool::message_count() const {
  return state_->environment.read(
      [&](lmdb::ReadTransaction& read) { return read.count(state_->tables.envelopes); });
}

}  // namespace tubepost::spool
