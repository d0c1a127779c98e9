// MailStore's readers: list in pages, fetch one message.
#include "base/crc32c.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t page_rows = 1000;  // design.md 3: a read transaction is renewed every 1,000 rows

}  // namespace

struct MessageBytes::State {
  std::string head;
  std::string small;  // head and body of one kept in the database are copies
  MappedFile large;
  std::string_view body;
};

MessageBytes::MessageBytes() : state_(std::make_unique<State>()) {}
MessageBytes::MessageBytes(MessageBytes&&) noexcept = default;
MessageBytes::~MessageBytes() = default;
std::string_view MessageBytes::head() const { return state_->head; }
std::string_view MessageBytes::body() const { return state_->body; }

Result<void> MailStore::list(AccountId account, MailboxId mailbox, Uid first,
                             const std::function<bool(const MessageInfo&)>& visit) const {
  const auto prefix = schema::mailbox_key(account, mailbox);
  for (std::optional<Uid> next = first; next;) {
    auto page = state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
      std::vector<MessageInfo> rows;
      auto cursor = transaction.cursor(state_->tables.messages);
      bool more = cursor.seek(schema::message_key(account, mailbox, *next));
      for (; more && rows.size() < page_rows && cursor.key().starts_with(prefix); more = cursor.next())
        rows.push_back(schema::need(schema::decode_message(cursor.key(), cursor.value()), "messages").info);
      return rows;
    });
    if (!page) return std::move(page).error();
    for (const auto& info : *page)
      if (!visit(info)) return {};
    next.reset();
    if (page->size() == page_rows && page->back().uid != UINT32_MAX) next = page->back().uid + 1;
  }
  return {};
}

Result<std::optional<MessageBytes>> MailStore::fetch(AccountId account, MailboxId mailbox, Uid uid) const {
  using Found = std::optional<MessageBytes>;
  MessageBytes message;
  schema::BodyHeader header;
  const auto key = schema::message_key(account, mailbox, uid);
  // Says whether the message is there; one in the database is copied out, so that its reader may be slow.
  auto found = state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<bool> {
    const auto row = transaction.get(state_->tables.messages, key);
    if (!row) return false;
    auto decoded = schema::need(schema::decode_message(key, *row), "messages");
    const auto value =
        transaction.get(state_->tables.bodies, schema::body_key(account, decoded.info.email_id));
    if (!value)
      return Failure::temporary("the body " + decoded.info.email_id.to_text() + " is missing (mailadm fsck)");
    header = schema::need(schema::decode_body_header(*value), "bodies");
    if (header.id != decoded.info.email_id)
      return Failure::temporary("a body stands under another's name (mailadm fsck)");
    message.state_->head = std::move(decoded.head);
    if (header.place == schema::Place::inside)
      message.state_->small = value->substr(schema::BodyHeader::encoded_size);
    return true;
  });
  if (!found) return std::move(found).error();
  if (!*found) return Found();

  auto& state = *message.state_;
  if (header.place == schema::Place::inside) {
    state.body = state.small;
    if (state.body.size() != header.length || crc32c(state.body) != header.crc)
      return Failure::temporary("the body " + header.id.to_text() + " is damaged (mailadm fsck)");
    return Found(std::move(message));
  }
  const auto path = state_->files.path_of(account, header.id);
  auto file = MappedFile::open(path);
  if (!file) return std::move(file).error();
  state.large = std::move(*file);
  // Its checksum is check()'s matter: a reader of a part would pay for the whole.
  if (state.large.bytes().size() != header.length)
    return Failure::temporary(path + ": not as long as it was (mailadm fsck)");
  state.body = state.large.bytes();
  return Found(std::move(message));
}

}  // namespace tubepost::mailstore
