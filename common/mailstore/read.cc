// MailStore's readers: what a mailbox holds, what has changed in it, whole messages.
#include <algorithm>
#include <chrono>

#include "base/crc32c.h"
#include "mailstore/state.h"
#include "mailstore/walk.h"
#include "message/seven_bit.h"

namespace tubepost::mailstore {
namespace {

// design.md 3: a read transaction is renewed every 1,000 rows or 100 ms.
constexpr std::size_t page_rows = 1000;
constexpr std::chrono::milliseconds page_time{100};
constexpr std::size_t rows_between_looks_at_the_time = 32;

Failure no_mailbox() {
  return Failure::permanent("the mailbox does not exist any more", refusal::no_such_mailbox);
}

std::optional<schema::MailboxRow> find_row(const lmdb::ReadTransaction& transaction,
                                           const schema::Tables& tables, MailboxRef mailbox) {
  const auto key = schema::mailbox_key(mailbox);
  const auto row = transaction.get(tables.mailboxes, key);
  if (!row) return std::nullopt;
  return schema::need(schema::decode_mailbox(key, *row), "mailboxes");
}

// Values by body, where bodies are asked for mostly in the order they lie in.
class BodyValues {
public:
  BodyValues(const lmdb::ReadTransaction& transaction, lmdb::Table table, AccountId account)
      : cursor_(transaction.cursor(table)), key_(schema::body_key(account, {})) {}

  std::string_view get(const spool::SpoolId& body) {
    const auto bytes = body.bytes();
    std::copy(bytes.begin(), bytes.end(), key_.end() - static_cast<std::ptrdiff_t>(bytes.size()));
    const std::string_view key = key_;
    if (is_placed_ && cursor_.key() == key) return cursor_.value();
    if (is_placed_ && cursor_.next() && cursor_.key() == key) return cursor_.value();
    is_placed_ = cursor_.seek(key);
    return is_placed_ && cursor_.key() == key ? cursor_.value() : std::string_view();
  }

private:
  lmdb::Cursor cursor_;
  std::string key_;  // the account and the body that was last asked for
  bool is_placed_ = false;
};

// One transaction's part of a scan.
class ScanPage {
public:
  using Visit = std::function<bool(const Scanned&)>;
  ScanPage(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
           With with)
      : transaction_(transaction), tables_(tables), mailbox_(mailbox) {
    if (with != With::records) structures_.emplace(transaction, tables.structures, mailbox.account);
    if (with == With::texts) texts_.emplace(transaction, tables.texts, mailbox.account);
  }

  enum class End { all_visited, page_full, stopped };
  // `next`: where to go on, unless all were visited.
  End run(const UidSet& uids, const Visit& visit, Uid& next) {
    for (BlockWalk walk(transaction_, tables_, mailbox_, uids); walk.next();) {
      if (is_full()) return next = walk.block().first_uid(), End::page_full;
      for (auto bits = walk.wanted(); bits != 0; bits &= bits - 1) {
        const auto message = walk.block().message(static_cast<unsigned>(__builtin_ctz(bits)));
        ++rows_;
        if (!visit(scanned(message))) return next = message.uid + 1, End::stopped;
      }
    }
    return End::all_visited;
  }

private:
  Scanned scanned(const Message& message) {
    return {message, structures_ ? structures_->get(message.email_id) : std::string_view(),
            texts_ ? texts_->get(message.email_id) : std::string_view()};
  }
  bool is_full() {
    if (rows_ >= page_rows) return true;
    if (rows_ < look_at_) return false;
    look_at_ = rows_ + rows_between_looks_at_the_time;
    return std::chrono::steady_clock::now() - began_ > page_time;
  }

  const lmdb::ReadTransaction& transaction_;
  const schema::Tables& tables_;
  MailboxRef mailbox_;
  std::optional<BodyValues> structures_, texts_;
  std::size_t rows_ = 0, look_at_ = rows_between_looks_at_the_time;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace

// ---- MessageBytes

struct MessageBytes::State {
  std::string small;  // head and body of one kept in the database are a copy
  std::string head;   // one of several, or of a large body
  MappedFile large;
  std::string converted;
  std::string_view head_bytes, body;

  // A binary message (RFC 3030 3) is given in lines. By its size a message says whether it is given as it is stored; a reader
  // of a part of a large body does not pay for looking at the whole.
  void give(std::string_view stored, const Message& of) {
    body = stored;
    if (of.size == head_bytes.size() + stored.size()) return;
    auto in_lines = message::in_lines(stored);
    if (!in_lines) return;
    converted = std::move(*in_lines);
    body = converted;
  }
};

MessageBytes::MessageBytes() : state_(std::make_unique<State>()) {}
MessageBytes::MessageBytes(MessageBytes&&) noexcept = default;
MessageBytes& MessageBytes::operator=(MessageBytes&&) noexcept = default;
MessageBytes::~MessageBytes() = default;
std::string_view MessageBytes::head() const { return state_->head_bytes; }
std::string_view MessageBytes::body() const { return state_->body; }

// ---- mailboxes

Result<std::vector<MailboxStatus>> MailStore::mailboxes(AccountId account) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<MailboxStatus> found;
    const auto prefix = schema::account_key(account);
    auto cursor = transaction.cursor(state_->tables.mailboxes);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
         more = cursor.next())
      found.push_back(schema::need(schema::decode_mailbox(cursor.key(), cursor.value()), "mailboxes").status);
    return found;
  });
}

Result<MailboxStatus> MailStore::status(MailboxRef mailbox) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<MailboxStatus> {
    auto row = find_row(transaction, state_->tables, mailbox);
    if (!row) return no_mailbox();
    return std::move(row->status);
  });
}

Result<MailboxStatus> MailStore::status(AccountId account, std::string_view name) const {
  const auto stored = need_mailbox_name(name);
  if (!stored) return stored.error();
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<MailboxStatus> {
    const auto& tables = state_->tables;
    const auto id = transaction.get(tables.names, schema::name_key(account, *stored));
    if (!id) return Failure::permanent("no such mailbox: " + *stored, refusal::no_such_mailbox);
    auto row = find_row(transaction, tables, {account, schema::need(schema::decode_u32(*id), "names")});
    if (!row) schema::damaged("names");
    return std::move(row->status);
  });
}

Result<Usage> MailStore::usage(AccountId account) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    const auto row = transaction.get(state_->tables.accounts, schema::account_key(account));
    return row ? schema::need(schema::decode_account(*row), "accounts").usage : Usage{};
  });
}

Result<std::vector<ModSeq>> MailStore::highest_modseqs(const std::vector<MailboxRef>& mailboxes) const {
  const auto& tables = state_->tables;
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<ModSeq> found(mailboxes.size());
    for (std::size_t i = 0; i < mailboxes.size(); ++i) {
      const auto ref = mailboxes[i];
      if (ref.mailbox != 0) {
        if (const auto row = find_row(transaction, tables, ref)) found[i] = row->status.highest_modseq;
      } else if (const auto row = transaction.get(tables.accounts, schema::account_key(ref.account))) {
        found[i] = schema::need(schema::decode_account(*row), "accounts").list_changes;
      }
    }
    return found;
  });
}

// ---- one mailbox

Result<MailboxView> MailStore::view(MailboxRef mailbox) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<MailboxView> {
    auto row = find_row(transaction, state_->tables, mailbox);
    if (!row) return no_mailbox();
    return MailboxView{std::move(row->status), uids_of(transaction, state_->tables, mailbox)};
  });
}

Result<Changes> MailStore::changes_since(MailboxRef mailbox, ModSeq modseq) const {
  const auto& tables = state_->tables;
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<Changes> {
    auto row = find_row(transaction, tables, mailbox);
    if (!row) return no_mailbox();
    Changes changes;
    changes.uids = uids_of(transaction, tables, mailbox);
    changes.complete_log = modseq >= row->log_floor;
    changes.status = std::move(row->status);
    const auto& status = changes.status;
    if (status.highest_modseq > modseq) changes.changed = changed_since(transaction, tables, mailbox, modseq);
    if (!changes.complete_log) {
      if (status.uid_next > 1) changes.vanished = UidSet{{1, status.uid_next - 1}}.without(changes.uids);
      return changes;
    }
    const auto prefix = schema::mailbox_key(mailbox);
    auto cursor = transaction.cursor(tables.expunged);
    for (bool more = modseq != UINT64_MAX && cursor.seek(schema::expunged_key(mailbox, modseq + 1));
         more && cursor.key().starts_with(prefix); more = cursor.next())
      changes.vanished.add(schema::need(schema::decode_uids(cursor.value()), "expunged"));
    return changes;
  });
}

Result<std::optional<Uid>> MailStore::scan(MailboxRef mailbox, const UidSet& uids, With with,
                                           const std::function<bool(const Scanned&)>& visit) const {
  UidSet rest;
  const UidSet* wanted = &uids;
  for (;;) {
    Uid next = 0;
    auto end = state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
      return ScanPage(transaction, state_->tables, mailbox, with).run(*wanted, visit, next);
    });
    if (!end) return std::move(end).error();
    if (*end == ScanPage::End::stopped) return std::optional<Uid>(next);
    if (*end == ScanPage::End::all_visited) return std::optional<Uid>();
    rest = wanted->from(next);
    wanted = &rest;
  }
}

Result<void> MailStore::list(MailboxRef mailbox, Uid first,
                             const std::function<bool(const Message&)>& visit) const {
  UidSet uids{UidRange{first, uid_max}};
  std::vector<Message> page;
  for (bool more = true; more;) {
    page.clear();
    const auto next = scan(mailbox, uids, With::records, [&](const Scanned& scanned) {
      page.push_back(scanned.message);
      return page.size() < page_rows;
    });
    if (!next) return next.error();
    for (const auto& message : page)
      if (!visit(message)) return {};
    more = next->has_value();
    if (more) uids = uids.from(**next);
  }
  return {};
}

Result<std::optional<Message>> MailStore::find(MailboxRef mailbox, Uid uid) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    return find_message(transaction, state_->tables, mailbox, uid);
  });
}

// ---- whole messages

Result<std::optional<MessageBytes>> MailStore::fetch(MailboxRef mailbox, Uid uid) const {
  auto message = find(mailbox, uid);
  if (!message) return std::move(message).error();
  if (!*message) return std::optional<MessageBytes>();
  return fetch(mailbox.account, **message);
}

Result<std::optional<MessageBytes>> MailStore::fetch(AccountId account, const Message& message) const {
  using Found = std::optional<MessageBytes>;
  MessageBytes bytes;
  auto& state = *bytes.state_;
  schema::BodyHeader header;
  // Says whether the body is there; one in the database is copied out, so that its reader may be slow.
  auto found = state_->environment.read([&](const lmdb::ReadTransaction& transaction) -> Result<bool> {
    const auto value = transaction.get(state_->tables.bodies, schema::body_key(account, message.email_id));
    if (!value) return false;
    header = schema::need(schema::decode_body_header(*value), "bodies");
    if (header.id != message.email_id)
      return Failure::temporary("a body stands under another's name (mailadm fsck)");
    state.small = value->substr(schema::BodyHeader::encoded_size);
    if (message.head > 1) {
      const auto head =
          transaction.get(state_->tables.heads, schema::head_key(account, header.id, message.head));
      if (!head) return Failure::temporary("the head of a message is missing (mailadm fsck)");
      state.head = *head;
    }
    return true;
  });
  if (!found) return std::move(found).error();
  if (!*found) return Found();

  const std::string_view inside = state.small;
  if (inside.size() < header.head_size) return Failure::temporary("a body is damaged (mailadm fsck)");
  state.head_bytes = message.head == 0   ? std::string_view()
                     : message.head == 1 ? inside.substr(0, header.head_size)
                                         : std::string_view(state.head);
  if (header.place == schema::Place::inside) {
    const auto stored = inside.substr(header.head_size);
    if (stored.size() != header.length || crc32c(stored) != header.crc)
      return Failure::temporary("the body " + header.id.to_text() + " is damaged (mailadm fsck)");
    state.give(stored, message);
    return Found(std::move(bytes));
  }
  const auto path = state_->files.path_of(account, header.id);
  auto file = MappedFile::open(path);
  if (!file) return std::move(file).error();
  state.large = std::move(*file);
  // Its checksum is check()'s matter: a reader of a part would pay for the whole.
  if (state.large.bytes().size() != header.length)
    return Failure::temporary(path + ": not as long as it was (mailadm fsck)");
  state.give(state.large.bytes(), message);
  return Found(std::move(bytes));
}

}  // namespace tubepost::mailstore
