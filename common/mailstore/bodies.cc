#include "mailstore/bodies.h"

#include <fcntl.h>

#include <algorithm>

namespace tubepost::mailstore {
namespace {

void put_unless_empty(Ledger& ledger, lmdb::Table table, const std::string& key, std::string_view value) {
  if (!value.empty()) ledger.transaction().put(table, key, value);
}

Failure missing(const spool::SpoolId& body) {
  return Failure::temporary("the body " + body.to_text() + " is missing (mailadm fsck)");
}

}  // namespace

Result<void> store_body(Ledger& ledger, AccountId account, schema::BodyHeader header,
                        const BodyParts& parts) {
  ledger.touch();
  auto& transaction = ledger.transaction();
  const auto& tables = ledger.tables();
  const auto key = schema::body_key(account, header.id);
  header.head_size = static_cast<std::uint32_t>(parts.head.size());
  if (parts.staged != nullptr) {
    if (auto linked = ledger.links().add(*parts.staged, parts.body, account, header.id); !linked)
      return linked;
    header.place = schema::Place::beside;
    transaction.put(tables.bodies, key, encode(header).append(parts.head));
    transaction.erase(tables.doomed, key);
  } else {
    const auto encoded = encode(header);
    char* room =
        transaction.reserve(tables.bodies, key, encoded.size() + parts.head.size() + parts.body.size());
    for (const std::string_view part : {std::string_view(encoded), parts.head, parts.body})
      room = std::copy(part.begin(), part.end(), room);
  }
  put_unless_empty(ledger, tables.structures, key, parts.structure);
  put_unless_empty(ledger, tables.texts, key, parts.text);
  return {};
}

std::uint32_t add_head(Ledger& ledger, AccountId account, const spool::SpoolId& body, std::string_view head) {
  ledger.touch();
  std::uint32_t number = 2;
  {
    auto cursor = ledger.transaction().cursor(ledger.tables().heads);
    if (cursor.seek_before(schema::head_key(account, body, UINT32_MAX)) &&
        cursor.key().starts_with(schema::body_key(account, body)))
      number = lmdb::read_u32(cursor.key().substr(24)) + 1;
  }
  ledger.transaction().put(ledger.tables().heads, schema::head_key(account, body, number), head);
  return number;
}

Result<void> adopt_body(Ledger& ledger, const BodyFiles& files, AccountId from, AccountId to,
                        Message& message) {
  auto& transaction = ledger.transaction();
  const auto& tables = ledger.tables();
  const auto source = schema::body_key(from, message.email_id);
  const auto value = transaction.get(tables.bodies, source);
  if (!value) return missing(message.email_id);
  const auto header = schema::need(schema::decode_body_header(*value), "bodies");
  const std::string inside(value->substr(schema::BodyHeader::encoded_size));
  std::string head = inside.substr(0, message.head == 1 ? header.head_size : 0);
  if (message.head > 1)
    if (const auto other =
            transaction.get(tables.heads, schema::head_key(from, message.email_id, message.head)))
      head = *other;

  if (const auto there = transaction.get(tables.bodies, schema::body_key(to, message.email_id))) {
    const auto known = schema::need(schema::decode_body_header(*there), "bodies");
    if (known.length != header.length || known.crc != header.crc)
      return Failure::permanent("another body stands under the id " + message.email_id.to_text());
    ledger.references().add(to, message.email_id);
    message.head = head.empty() ? 0 : add_head(ledger, to, message.email_id, head);
    return {};
  }
  const auto cached = [&](lmdb::Table table) {
    return std::string(transaction.get(table, source).value_or(""));
  };
  const std::string structure = cached(tables.structures), text = cached(tables.texts);
  BodyParts parts{head, std::string_view(inside).substr(header.head_size), structure, text, nullptr};
  StagedBody file;
  MappedFile mapped;
  if (header.place == schema::Place::beside) {
    const auto path = files.path_of(from, header.id);
    file.file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    auto opened = MappedFile::open(path);
    if (!opened || !file.file) return missing(message.email_id);
    mapped = std::move(*opened);
    parts.body = mapped.bytes();
    parts.staged = &file;
  }
  message.head = head.empty() ? 0 : 1;
  auto fresh = header;
  fresh.place = schema::Place::inside;
  return store_body(ledger, to, fresh, parts);
}

}  // namespace tubepost::mailstore
