// Walking through the queue without holding a read transaction while somebody looks at what was found.
#include <chrono>
#include <utility>

#include "spool/filter.h"
#include "spool/read.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

// design.md 3: a read transaction is renewed every 1,000 rows or 100 ms, so that it never pins the database. Pages of
// this size besides stay in the processor's cache between the reading and the looking.
constexpr std::size_t page_rows = 200, first_page_rows = 50;  // who wants the head does not wait for more
constexpr std::chrono::milliseconds page_time{100};
constexpr std::size_t looks_at_clock = 64;  // messages from one to the next

// The recipients of one message after the other: both tables are in the order of ids, so the next ones stand where the
// last ones ended.
class RecipientsInOrder {
public:
  RecipientsInOrder(const lmdb::ReadTransaction& read, lmdb::Table table) : cursor_(read.cursor(table)) {}

  // Those that match into `found`, in place of what was there; how many there are.
  std::size_t of(const SpoolId& id, const Filter& filter, std::vector<Recipient>& found) {
    std::size_t looked = 0, used = 0;
    if (!more_ || cursor_.key() < id.bytes()) more_ = cursor_.seek(id.bytes());
    for (; more_ && cursor_.key().starts_with(id.bytes()); more_ = cursor_.next(), ++looked) {
      const auto key = parse_recipient_key(cursor_.key());
      if (used == found.size()) found.emplace_back();
      if (key && decode_recipient(key->number, cursor_.value(), found[used]) && matches(filter, found[used]))
        ++used;
    }
    found.resize(used);
    return looked;
  }

private:
  lmdb::Cursor cursor_;
  bool more_ = false;
};

// One after the other is read into the same: the memory of its texts serves again.
struct Page {
  std::vector<Queued> messages;
  std::size_t found = 0;        // so many of them are this page's
  std::optional<SpoolId> last;  // the last envelope looked at; nullopt: there was none

  Queued& next_free() {
    if (found == messages.size()) messages.emplace_back();
    return messages[found];
  }
};

void read_page(const lmdb::ReadTransaction& read, const Tables& tables, const Filter& filter, Page& page) {
  const auto after = std::exchange(page.last, std::nullopt);
  const std::size_t most = after ? page_rows : first_page_rows;
  page.found = 0;
  page.messages.reserve(most);
  const auto end = std::chrono::steady_clock::now() + page_time;
  std::size_t rows = 0;
  RecipientsInOrder recipients_of(read, tables.recipients);
  lmdb::Cursor cursor = read.cursor(tables.envelopes);
  bool more = after ? cursor.seek(after->bytes()) : cursor.first();
  if (more && after && cursor.key() == after->bytes()) more = cursor.next();
  for (std::size_t looked = 1; more && rows < most; more = cursor.next(), ++looked) {
    if (looked % looks_at_clock == 0 && std::chrono::steady_clock::now() >= end) break;
    page.last = SpoolId::from_bytes(cursor.key());
    ++rows;
    Queued& queued = page.next_free();
    queued.id = *page.last;
    if (!decode_envelope(cursor.value(), queued.envelope)) continue;  // a damaged one is check()'s to tell
    if (!matches(filter, queued.envelope)) continue;
    rows += recipients_of.of(queued.id, filter, queued.recipients);
    if (!queued.recipients.empty()) ++page.found;
  }
}

// The smallest id whose name begins with `prefix`, or would.
std::optional<SpoolId> lowest_with(std::string_view prefix) {
  constexpr std::size_t text_length = 26;
  if (prefix.size() > text_length) return std::nullopt;
  return SpoolId::parse(std::string(prefix) + std::string(text_length - prefix.size(), '2'));
}

// Looks for ids from `lowest` on that begin with `prefix`; false: a second one was found.
bool find_only(const lmdb::ReadTransaction& read, lmdb::Table table, const SpoolId& lowest,
               std::string_view prefix, std::optional<SpoolId>& found) {
  lmdb::Cursor cursor = read.cursor(table);
  std::string from(lowest.bytes());
  while (cursor.seek(from)) {
    const SpoolId id = SpoolId::from_bytes(cursor.key());
    if (!id.to_text().starts_with(prefix)) return true;
    if (found && *found != id) return false;
    found = id;
    from = std::string(id.bytes()) + std::string(11, '\xff');  // behind all its journal lines
  }
  return true;
}

}  // namespace

Result<void> Spool::list(const Filter& filter, const std::function<bool(const Queued&)>& visit) const {
  Page page;
  for (;;) {
    const auto read = state_->environment.read(
        [&](lmdb::ReadTransaction& transaction) { read_page(transaction, state_->tables, filter, page); });
    if (!read) return read.error();
    for (std::size_t i = 0; i < page.found; ++i) {
      if (!visit(page.messages[i])) return {};
    }
    if (!page.last) return {};
  }
}

Result<std::optional<SpoolId>> Spool::complete(std::string_view prefix) const {
  const auto lowest = lowest_with(prefix);
  if (!lowest || prefix.empty()) return std::optional<SpoolId>();
  return state_->environment.read([&](lmdb::ReadTransaction& read) -> std::optional<SpoolId> {
    std::optional<SpoolId> found;
    const Tables& tables = state_->tables;
    const bool only = find_only(read, tables.journal, *lowest, prefix, found) &&
                      find_only(read, tables.envelopes, *lowest, prefix, found);
    return only ? found : std::nullopt;
  });
}

}  // namespace tubepost::spool
