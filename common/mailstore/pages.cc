#include "mailstore/pages.h"

namespace tubepost::mailstore {

void Pages::insert(const Message& message) {
  write_record(change(block_, message.uid).insert(message.uid % BlockRow::uids), message);
  write_marks(change(marks_, message.uid).insert(message.uid % MarksRow::uids), message.flags, message.modseq);
  auto& chunk = change_chunk(message.uid);
  chunk.set(message.uid);
  chunk.raise(message.modseq);
}

void Pages::erase(Uid uid) {
  change_existing(block_, uid).erase(uid % BlockRow::uids);
  change_existing(marks_, uid).erase(uid % MarksRow::uids);
  change_chunk(uid).reset(uid);
}

void Pages::set_marks(Uid uid, std::uint32_t flags, ModSeq modseq) {
  write_marks(change_existing(marks_, uid).record(uid % MarksRow::uids), flags, modseq);
  change_chunk(uid).raise(modseq);
}

void Pages::flush() {
  flush(block_);
  flush(marks_);
  flush_chunk();
}

template <class Row>
Packed<Row>& Pages::change(AtHand<Row>& at_hand, Uid uid) {
  const std::uint32_t number = uid / Row::uids;
  if (at_hand.number != number) {
    flush(at_hand);
    const auto bytes = transaction_.get(tables_.*at_hand.table, schema::row_key(mailbox_, number));
    const Row stored(number, bytes.value_or(std::string_view()));
    if (bytes && !stored.is_valid()) schema::damaged(at_hand.table_name);
    if (bytes)
      at_hand.row.load(stored);
    else
      at_hand.row.clear(number);
    at_hand.number = number;
  }
  at_hand.is_dirty = true;
  return at_hand.row;
}

template <class Row>
Packed<Row>& Pages::change_existing(AtHand<Row>& at_hand, Uid uid) {
  auto& row = change(at_hand, uid);
  if (!row.view().has(uid % Row::uids)) schema::damaged(at_hand.table_name);
  return row;
}

template <class Row>
void Pages::flush(AtHand<Row>& at_hand) {
  if (!at_hand.is_dirty) return;
  const auto key = schema::row_key(mailbox_, *at_hand.number);
  if (at_hand.row.is_empty())
    transaction_.erase(tables_.*at_hand.table, key);
  else
    transaction_.put(tables_.*at_hand.table, key, at_hand.row.view().bytes());
  at_hand.is_dirty = false;
}

Chunk& Pages::change_chunk(Uid uid) {
  const std::uint32_t number = uid / chunk_uids;
  if (chunk_number_ != number) {
    flush_chunk();
    const auto bytes = transaction_.get(tables_.uids, schema::row_key(mailbox_, number));
    if (!bytes)
      chunk_.clear(number);
    else if (!chunk_.load(number, *bytes))
      schema::damaged("uids");
    chunk_number_ = number;
  }
  chunk_is_dirty_ = true;
  return chunk_;
}

void Pages::flush_chunk() {
  if (!chunk_is_dirty_) return;
  const auto key = schema::row_key(mailbox_, *chunk_number_);
  if (chunk_.is_empty())
    transaction_.erase(tables_.uids, key);
  else
    transaction_.put(tables_.uids, key, chunk_.encoded());
  chunk_is_dirty_ = false;
}

}  // namespace tubepost::mailstore
