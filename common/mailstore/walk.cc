#include "mailstore/walk.h"

#include <limits>

namespace tubepost::mailstore {
namespace {

lmdb::Table table_of(const schema::Tables& tables, const BlockRow&) { return tables.messages; }
lmdb::Table table_of(const schema::Tables& tables, const MarksRow&) { return tables.marks; }
const char* name_of(const BlockRow&) { return "messages"; }
const char* name_of(const MarksRow&) { return "marks"; }

// The bits of `uids` in a row.
template <class Row>
typename Row::Present mask_of(const UidSet& uids, std::size_t& at, std::uint32_t number) {
  using Bits = typename Row::Present;
  const auto& ranges = uids.ranges();
  const Uid low = number * Row::uids, high = low + (Row::uids - 1);
  while (at < ranges.size() && ranges[at].last < low) ++at;
  Bits mask = 0;
  for (std::size_t i = at; i < ranges.size() && ranges[i].first <= high; ++i) {
    const unsigned first = std::max(ranges[i].first, low) - low, last = std::min(ranges[i].last, high) - low;
    mask |= (std::numeric_limits<Bits>::max() >> (Row::uids - 1 - (last - first))) << first;
  }
  return mask;
}

// The marks of a block, which must have those of `bits`. (Of its other messages it may not: Pages writes a block before its marks.)
MarksRow marks_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
                  const BlockRow& block, std::uint32_t bits) {
  const auto number = block.number() / blocks_of_marks;
  const auto bytes = transaction.get(tables.marks, schema::row_key(mailbox, number));
  const MarksRow marks(number, bytes.value_or(std::string_view()));
  if (!BlockView(block, marks).has_marks_of(bits)) schema::damaged("marks");
  return marks;
}

}  // namespace

template <class Row>
RowWalk<Row>::RowWalk(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
                      const UidSet& uids, Rows rows)
    : uids_(uids),
      rows_(rows),
      mailbox_(mailbox),
      prefix_(schema::mailbox_key(mailbox)),
      cursor_(transaction.cursor(table_of(tables, Row()))) {}

template <class Row>
bool RowWalk<Row>::next() {
  do {
    if (!step()) return false;
  } while (wanted_ == 0);
  return true;
}

template <class Row>
bool RowWalk<Row>::step() {
  const auto& ranges = uids_.ranges();
  while (at_ < ranges.size() && ranges[at_].last / Row::uids < next_) ++at_;
  if (at_ == ranges.size()) return false;
  const auto wished = std::max(next_, ranges[at_].first / Row::uids);
  const bool is_adjacent = rows_ == Rows::stay && next_ != 0 && wished == next_;
  const bool moved = is_adjacent ? cursor_.next() : cursor_.seek(schema::row_key(mailbox_, wished));
  const auto number = moved && cursor_.key().starts_with(prefix_) ? schema::row_number(cursor_.key()) : std::nullopt;
  if (!number) return false;
  number_ = *number;
  next_ = number_ + 1;
  const Row found(number_, cursor_.value());
  if (!found.is_valid()) schema::damaged(name_of(Row()));
  if (rows_ == Rows::may_change) copy_.load(found);
  wanted_ = mask_of<Row>(uids_, at_, number_) & found.present();
  return true;
}

template class RowWalk<BlockRow>;
template class RowWalk<MarksRow>;

bool BlockWalk::next() {
  if (!walk_.next()) return false;
  marks_ = marks_of(transaction_, tables_, mailbox_, walk_.row(), walk_.wanted());
  if (rows_ == Rows::may_change) copy_.load(marks_);
  return true;
}

UidSet uids_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox) {
  UidSet uids;
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction.cursor(tables.uids);
  Chunk chunk;
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix); more = cursor.next()) {
    const auto number = schema::row_number(cursor.key());
    if (!number || !chunk.load(*number, cursor.value())) schema::damaged("uids");
    chunk.add_to(uids);
  }
  return uids;
}

UidSet changed_since(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
                     ModSeq modseq) {
  UidSet changed;
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction.cursor(tables.uids);
  Chunk chunk;
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix); more = cursor.next()) {
    const auto number = schema::row_number(cursor.key());
    if (!number || !chunk.load(*number, cursor.value())) schema::damaged("uids");
    if (chunk.highest_modseq() <= modseq) continue;
    const Uid first = *number * chunk_uids;
    const UidSet its_uids{UidRange{first, first + (chunk_uids - 1)}};
    for (MarksWalk walk(transaction, tables, mailbox, its_uids); walk.next();)
      each_bit(walk.wanted(), [&, row = walk.row()](unsigned bit) {
        if (row.modseq(bit) > modseq) changed.add(row.first_uid() + bit);
      });
  }
  return changed;
}

std::optional<Message> find_message(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                                    MailboxRef mailbox, Uid uid) {
  const auto number = uid / BlockRow::uids;
  const auto bytes = transaction.get(tables.messages, schema::row_key(mailbox, number));
  if (!bytes) return std::nullopt;
  const BlockRow block(number, *bytes);
  if (!block.is_valid()) schema::damaged("messages");
  const auto bit = uid % BlockRow::uids;
  if (!block.has(bit)) return std::nullopt;
  return BlockView(block, marks_of(transaction, tables, mailbox, block, std::uint32_t{1} << bit)).message(bit);
}

}  // namespace tubepost::mailstore
