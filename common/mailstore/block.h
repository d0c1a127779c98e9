// How a mailbox's messages are packed (schema.h): a block holds the records of up to 32 consecutive UIDs, so
// that what touches all messages touches a thirty-second of the rows; it stays below LMDB's limit for values
// inside a page (2 in a page of 4 KiB). A chunk is a bitmap of 8,192 UIDs, so that a mailbox of 50,000
// messages is selected by reading 7 rows. Both know the greatest modseq they contain (or did), so that what
// changed is found without looking at the rest.
//
//   block = present:u32 highest_modseq:u64 record{number of bits in present}     bit i: UID 32 * number + i
//   chunk = highest_modseq:u64 byte*             bit j of byte i: UID 8192 * number + 8 * i + j; zeros at the
//                                                end are left out
// A Pages is what a write transaction edits a mailbox with; it keeps one block and one chunk, and writes them
// when it needs others and in flush(). Throws lmdb::Error.
#pragma once

#include <array>

#include "lmdb/environment.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

inline constexpr unsigned block_shift = 5, chunk_shift = 13;
inline constexpr unsigned block_uids = 1U << block_shift, chunk_uids = 1U << chunk_shift;

// A block as it stands in its row; borrows the bytes.
class BlockView {
public:
  static constexpr std::size_t header_size = 12, record_size = 56;
  static constexpr std::size_t size_max = header_size + block_uids * record_size;

  BlockView(std::uint32_t number, std::string_view bytes) : number_(number), bytes_(bytes) {}
  bool is_valid() const;
  std::uint32_t number() const { return number_; }
  std::uint32_t present() const;
  ModSeq highest_modseq() const;
  bool has(unsigned bit) const { return (present() >> bit & 1) != 0; }
  Message message(unsigned bit) const;  // of a bit that is set
  std::uint32_t flags(unsigned bit) const;
  ModSeq modseq(unsigned bit) const;
  std::string_view bytes() const { return bytes_; }

private:
  const char* record(unsigned bit) const;
  std::uint32_t number_;
  std::string_view bytes_;
};

class Block {
public:
  void clear(std::uint32_t number);
  void load(const BlockView& view);  // of a valid one
  BlockView view() const { return {number_, {bytes_.data(), size_}}; }
  bool is_empty() const { return view().present() == 0; }

  void insert(const Message& message);  // of a UID that is not there
  void erase(Uid uid);
  void set_flags(Uid uid, std::uint32_t flags, ModSeq modseq);

private:
  char* record(unsigned bit);
  void raise(ModSeq modseq);
  std::uint32_t number_ = 0;
  std::size_t size_ = 0;
  std::array<char, BlockView::size_max> bytes_;
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
  bool has(Uid uid) const;
  std::uint32_t bits_of_block(std::uint32_t block) const;
  void add_to(UidSet& uids) const;

private:
  std::uint32_t number_ = 0;
  ModSeq highest_modseq_ = 0;
  std::array<std::uint64_t, chunk_uids / 64> words_{};
};

class Pages {
public:
  Pages(lmdb::WriteTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox)
      : transaction_(transaction), tables_(tables), mailbox_(mailbox) {}

  void insert(const Message& message);
  void erase(Uid uid);  // one that is there
  void set_flags(Uid uid, std::uint32_t flags, ModSeq modseq);
  void flush();

private:
  void need_block(Uid uid);
  void need_chunk(Uid uid);
  void flush_block();
  void flush_chunk();

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  MailboxRef mailbox_;
  std::optional<std::uint32_t> block_number_, chunk_number_;
  bool block_is_dirty_ = false, chunk_is_dirty_ = false;
  Block block_;
  Chunk chunk_;
};

// Goes through the blocks that hold UIDs of `uids`, in order. If the blocks may be changed on the way, say so:
// the view is that of a copy then, and each step is a search. Borrows all it is given.
//
//   for (BlockWalk walk(transaction, tables, mailbox, uids); walk.next();)
//     each_bit(walk.wanted(), [&](unsigned bit) { … walk.block().message(bit) … });
class BlockWalk {
public:
  enum class Blocks { stay, may_change };
  BlockWalk(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
            const UidSet& uids, Blocks blocks = Blocks::stay);
  bool next();
  BlockView block() const {
    return blocks_ == Blocks::stay ? BlockView(number_, cursor_.value()) : copy_.view();
  }
  std::uint32_t wanted() const { return wanted_; }  // bits of the block: there, and in the set; at least one

private:
  bool step();
  const UidSet& uids_;
  const Blocks blocks_;
  const MailboxRef mailbox_;
  const std::string prefix_;
  lmdb::Cursor cursor_;
  std::size_t at_ = 0;  // the first range that is not behind us
  std::uint32_t number_ = 0, wanted_ = 0;
  std::uint32_t next_ = 0;  // blocks before this one are behind us
  Block copy_;
};

// All UIDs of a mailbox.
UidSet uids_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox);
// Those of messages whose modseq is greater.
UidSet changed_since(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                     MailboxRef mailbox, ModSeq modseq);
std::optional<Message> find_message(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                                    MailboxRef mailbox, Uid uid);

// Calls `each` with every set bit's number, lowest first.
template <class Each>
void each_bit(std::uint32_t bits, Each each) {
  for (; bits != 0; bits &= bits - 1) each(static_cast<unsigned>(__builtin_ctz(bits)));
}

}  // namespace tubepost::mailstore
