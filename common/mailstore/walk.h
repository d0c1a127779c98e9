// Ways through a mailbox's messages. Borrow all they are given; live no longer than the transaction. Throw lmdb::Error.
#pragma once

#include <optional>

#include "mailstore/block.h"

namespace tubepost::mailstore {

// Whether what is walked through may be changed on the way: the row is a copy then, and each step is a search.
enum class Rows { stay, may_change };

// Goes through the rows of one kind (BlockRow, MarksRow) that hold UIDs of `uids`, in order.
template <class Row>
class RowWalk {
public:
  RowWalk(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
          const UidSet& uids, Rows rows = Rows::stay);
  bool next();
  Row row() const { return rows_ == Rows::stay ? Row(number_, cursor_.value()) : copy_.view(); }
  typename Row::Present wanted() const { return wanted_; }  // bits of the row: there, and in the set; at least one

private:
  bool step();
  const UidSet& uids_;
  const Rows rows_;
  const MailboxRef mailbox_;
  const std::string prefix_;
  lmdb::Cursor cursor_;
  std::size_t at_ = 0;  // the first range that is not behind us
  std::uint32_t number_ = 0;
  typename Row::Present wanted_ = 0;
  std::uint32_t next_ = 0;  // rows before this one are behind us
  Packed<Row> copy_;
};

using MarksWalk = RowWalk<MarksRow>;

// The same with all that is known of the messages.
//
//   for (BlockWalk walk(transaction, tables, mailbox, uids); walk.next();)
//     each_bit(walk.wanted(), [&](unsigned bit) { … walk.block().message(bit) … });
class BlockWalk {
public:
  BlockWalk(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
            const UidSet& uids, Rows rows = Rows::stay)
      : transaction_(transaction), tables_(tables), mailbox_(mailbox), rows_(rows),
        walk_(transaction, tables, mailbox, uids, rows) {}
  bool next();
  BlockView block() const { return {walk_.row(), rows_ == Rows::stay ? marks_ : copy_.view()}; }
  std::uint32_t wanted() const { return walk_.wanted(); }

private:
  const lmdb::ReadTransaction& transaction_;
  const schema::Tables& tables_;
  const MailboxRef mailbox_;
  const Rows rows_;
  RowWalk<BlockRow> walk_;
  MarksRow marks_;
  Packed<MarksRow> copy_;
};

// All UIDs of a mailbox.
UidSet uids_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox);
// Those of messages whose modseq is greater.
UidSet changed_since(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox,
                     ModSeq modseq);
std::optional<Message> find_message(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                                    MailboxRef mailbox, Uid uid);

}  // namespace tubepost::mailstore
