// How a mailbox's messages are packed (schema.h): a row holds many consecutive UIDs, so that what touches all messages touches
// a thirty-second of the rows or less; it stays below LMDB's limit for values inside a page (2 in a page of 4 KiB).
//
//   block = of 32 UIDs, what stays (packed.h)      record = head:u32 internal_date:i56 save_date:i56 size:u48 body:id
//   marks = of 64 UIDs, what changes (packed.h)    record = flags:u32 modseq:u64
//   chunk = highest_modseq:u64 byte*               bit j of byte i: UID 8192 * number + 8 * i + j; zeros at the end
//                                                  are left out
//
// Dates are milliseconds since 1970. Marks are apart so that whoever changes the flags of 50,000 messages writes 200 pages, and not
// the 800 of their blocks, too (docs/adr/0003). By its chunks a mailbox of 50,000 messages is selected with 7 rows; they know the
// greatest modseq of their messages (or did), so that what changed is found without looking at the rest.
#pragma once

#include "lmdb/environment.h"
#include "mailstore/packed.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

class BlockRow : public PackedView<std::uint32_t, 40> {
public:
  using PackedView::PackedView;
  Message unmarked(unsigned bit) const;  // without flags and modseq; of a bit that is set
};

class MarksRow : public PackedView<std::uint64_t, 12> {
public:
  using PackedView::PackedView;
  std::uint32_t flags(unsigned bit) const;
  ModSeq modseq(unsigned bit) const;
};

inline constexpr unsigned chunk_uids = 8192;
inline constexpr unsigned blocks_of_marks = MarksRow::uids / BlockRow::uids;

void write_record(char* record, const Message& message);                    // of a BlockRow
void write_marks(char* record, std::uint32_t flags, ModSeq modseq);         // of a MarksRow

// 32 messages: a valid block and its marks. Borrows the bytes.
class BlockView {
public:
  BlockView(const BlockRow& block, const MarksRow& marks)
      : block_(block), marks_(marks), shift_(block.number() % blocks_of_marks * BlockRow::uids) {}
  bool has_marks_of(std::uint32_t bits) const;
  Uid first_uid() const { return block_.first_uid(); }
  Message message(unsigned bit) const;  // of a bit that is set

private:
  BlockRow block_;
  MarksRow marks_;
  unsigned shift_;  // where the block's bits begin in the marks
};

class Chunk {
public:
  void clear(std::uint32_t number);
  bool load(std::uint32_t number, std::string_view bytes);  // false: no chunk
  std::string encoded() const;
  bool is_empty() const;
  void set(Uid uid);
  void reset(Uid uid);
  void raise(ModSeq modseq) { highest_modseq_ = std::max(highest_modseq_, modseq); }
  ModSeq highest_modseq() const { return highest_modseq_; }
  void add_to(UidSet& uids) const;

private:
  std::uint32_t number_ = 0;
  ModSeq highest_modseq_ = 0;
  std::array<std::uint64_t, chunk_uids / 64> words_{};
};

}  // namespace tubepost::mailstore
