#include "mailstore/migration.h"

#include "mailstore/pages.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t page_rows = 1000;

using Row = std::pair<std::string, std::string>;  // key and value

// Calls `each` with all rows, which it may replace or erase.
template <class Each>
void each_row(lmdb::WriteTransaction& transaction, lmdb::Table table, Each each) {
  std::string from;
  for (bool more = true; more;) {
    std::vector<Row> page;
    {
      auto cursor = transaction.cursor(table);
      for (more = from.empty() ? cursor.first() : cursor.seek(from); more && page.size() < page_rows; more = cursor.next())
        page.emplace_back(cursor.key(), cursor.value());
      if (more) from = cursor.key();
    }
    for (const auto& [key, value] : page) each(key, value);
  }
}

Message message_of_2(const char* record) {
  Message message;
  message.flags = packed::load<std::uint32_t>(record);
  message.head = packed::load<std::uint32_t>(record + 4);
  message.modseq = packed::load<std::uint64_t>(record + 8);
  message.internal_date = schema::to_time(packed::load<std::uint64_t>(record + 16));
  message.save_date = schema::to_time(packed::load<std::uint64_t>(record + 24));
  message.size = packed::load<std::uint64_t>(record + 32);
  message.email_id = spool::SpoolId::from_bytes({record + 40, schema::id_size});
  return message;
}

// The messages of one row.
std::vector<Message> messages_of_2(const std::string& key, const std::string& value) {
  constexpr std::size_t header_size = 12, record_size = 56;
  const auto number = schema::row_number(key);
  if (!number || value.size() < header_size) schema::damaged("messages");
  const auto present = packed::load<std::uint32_t>(value.data());
  if (value.size() != header_size + static_cast<std::size_t>(std::popcount(present)) * record_size) schema::damaged("messages");
  std::vector<Message> messages;
  const char* record = value.data() + header_size;
  each_bit(present, [&](unsigned bit) {
    messages.push_back(message_of_2(record));
    messages.back().uid = *number * BlockRow::uids + bit;
    record += record_size;
  });
  return messages;
}

}  // namespace

void migrate_from_2(lmdb::WriteTransaction& transaction, const schema::Tables& tables) {
  each_row(transaction, tables.mailboxes, [&](const std::string& key, const std::string& value) {
    transaction.put(tables.mailboxes, key, schema::mailbox_row_of_2(value));
  });
  std::optional<Pages> pages;
  MailboxRef mailbox;
  each_row(transaction, tables.messages, [&](const std::string& key, const std::string& value) {
    const auto messages = messages_of_2(key, value);
    if (const auto its = schema::mailbox_of(key); !pages || its != mailbox) {
      if (pages) pages->flush();
      pages.emplace(transaction, tables, mailbox = its);
    }
    transaction.erase(tables.messages, key);
    for (const auto& message : messages) pages->insert(message);
  });
  if (pages) pages->flush();
}

}  // namespace tubepost::mailstore
