// Bodies, their references, heads and caches, and the index of rights (rules 3, 6, 7).
#include "base/crc32c.h"
#include "mailstore/account_check.h"

namespace tubepost::mailstore {
namespace {

std::string body_of(std::string_view key) { return spool::SpoolId::from_bytes(key.substr(8)).to_text(); }

}  // namespace

void AccountCheck::count_dropped() {
  each(tables_.dropped, schema::account_key(account_), [&](const std::string& key, const std::string& value) {
    if (value.empty() || value.size() % 16 != 0) {
      found("a row of dropped references is damaged");
      return erase(tables_.dropped, key);
    }
    for (std::string_view ids = value; !ids.empty(); ids.remove_prefix(16))
      ++references_[schema::body_key(account_, spool::SpoolId::from_bytes(ids))];
  });
}

void AccountCheck::check_head(const Message& message) {
  if (message.head == 0) return;
  const auto& id = message.email_id;
  const auto body = transaction_.get(tables_.bodies, schema::body_key(account_, id));
  const auto header = body ? schema::decode_body_header(*body) : std::nullopt;
  if (!header) return;  // said of the body
  const bool is_there =
      message.head == 1
          ? header->head_size > 0
          : transaction_.get(tables_.heads, schema::head_key(account_, id, message.head)).has_value();
  if (!is_there)
    found("the head of a message is missing: number " + std::to_string(message.head) + " of " + id.to_text());
}

void AccountCheck::check_bodies() {
  each(tables_.bodies, schema::account_key(account_), [&](const std::string& key, const std::string& value) {
    const auto node = references_.extract(key);
    check_body(key, value, node.empty() ? 0 : node.mapped());
  });
  for (const auto& [key, count] : references_) found("the body " + body_of(key) + " of a message is missing");
}

void AccountCheck::check_body(const std::string& key, std::string_view value, std::uint32_t references) {
  const auto header = schema::decode_body_header(value);
  const bool is_row = header && key.size() == 24 && header->id.bytes() == std::string_view(key).substr(8) &&
                      value.size() >= schema::BodyHeader::encoded_size + header->head_size;
  if (!is_row) return found("a body's row is damaged");
  const auto id = header->id.to_text();
  MappedFile file;
  std::string_view bytes = value.substr(schema::BodyHeader::encoded_size + header->head_size);
  if (header->place == schema::Place::beside) {
    auto opened = MappedFile::open(files_.path_of(account_, header->id));
    if (!opened) return found("the body " + id + ": " + opened.error().text);
    file = std::move(*opened);
    bytes = file.bytes();
  }
  if (bytes.size() != header->length || crc32c(bytes) != header->crc) found("the body " + id + " is damaged");
  if (references > 0) return check_shares(key, id, references);
  found("the body " + id + " belongs to no message");
  // Its file becomes an orphan, found after all accounts.
  for (const auto table : {tables_.bodies, tables_.shares, tables_.structures, tables_.texts})
    erase(table, key);
}

void AccountCheck::check_shares(const std::string& key, const std::string& id, std::uint32_t references) {
  const auto stored = transaction_.get(tables_.shares, key);
  const auto shares = stored ? schema::decode_u32(*stored).value_or(0) : 1;
  if (shares == references) return;
  found("the body " + id + " counts " + std::to_string(shares) + " messages, has " +
        std::to_string(references));
  if (references > 1) return put(tables_.shares, key, schema::encode_u32(references));
  erase(tables_.shares, key);
}

void AccountCheck::check_companions() {
  for (const auto table : {tables_.heads, tables_.structures, tables_.texts, tables_.shares})
    each(table, schema::account_key(account_), [&](const std::string& key, const std::string&) {
      if (key.size() >= 24 && transaction_.get(tables_.bodies, key.substr(0, 24))) return;
      found("a head, structure, text or count belongs to no body");
      erase(table, key);
    });
}

void AccountCheck::check_grants() {
  each(tables_.acl, schema::account_key(account_), [&](const std::string& key, const std::string&) {
    if (key.size() <= 12) return erase(tables_.acl, key);
    const auto grant = schema::grant_key(std::string_view(key).substr(12), schema::mailbox_of(key));
    if (transaction_.get(tables_.grants, grant)) return;
    found("a right in " + name_of(schema::mailbox_of(key)) + " is missing in the index");
    put(tables_.grants, grant, {});
  });
}

}  // namespace tubepost::mailstore
