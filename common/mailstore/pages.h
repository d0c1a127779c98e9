// What a write transaction edits a mailbox's messages with: keeps one row of each kind (block.h) at hand, and writes it when another
// is needed and in flush(). Lives no longer than its transaction. Throws lmdb::Error.
#pragma once

#include <optional>

#include "mailstore/block.h"

namespace tubepost::mailstore {

class Pages {
public:
  Pages(lmdb::WriteTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox)
      : transaction_(transaction), tables_(tables), mailbox_(mailbox) {}

  void insert(const Message& message);  // of a UID that is not there
  // Of UIDs that are there:
  void erase(Uid uid);
  void set_marks(Uid uid, std::uint32_t flags, ModSeq modseq);
  void flush();

private:
  template <class Row>
  struct AtHand {
    lmdb::Table schema::Tables::*table;
    const char* table_name;
    Packed<Row> row{};
    std::optional<std::uint32_t> number{};
    bool is_dirty = false;
  };
  template <class Row>
  Packed<Row>& change(AtHand<Row>& at_hand, Uid uid);
  template <class Row>
  Packed<Row>& change_existing(AtHand<Row>& at_hand, Uid uid);
  template <class Row>
  void flush(AtHand<Row>& at_hand);
  Chunk& change_chunk(Uid uid);
  void flush_chunk();

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  MailboxRef mailbox_;
  AtHand<BlockRow> block_{&schema::Tables::messages, "messages"};
  AtHand<MarksRow> marks_{&schema::Tables::marks, "marks"};
  Chunk chunk_;
  std::optional<std::uint32_t> chunk_number_;
  bool chunk_is_dirty_ = false;
};

}  // namespace tubepost::mailstore
