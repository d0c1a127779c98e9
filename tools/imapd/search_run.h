// Holds a search against the messages of a mailbox, and walks over the structures of those found (SORT,
// THREAD). Structures and texts that are missing, or too long to be kept whole, are looked up in the messages,
// outside the transaction, and put into the store for the next time. Borrows everything; one handler.
#pragma once

#include "imapd/evaluation.h"
#include "imapd/progress.h"

namespace tubepost::imapd {

class SearchRun {
public:
  // `progress`: null where nobody is to be told how far it has come.
  SearchRun(mailstore::MailStore& store, const Selected& box, Progress* progress)
      : store_(store), box_(box), progress_(progress) {}

  Result<mailstore::UidSet> find(const Evaluation& evaluation);
  Result<mailstore::ModSeq> highest_modseq(const mailstore::UidSet& uids) const;
  // In UID order.
  using Visit = std::function<void(const mailstore::Message&, const imap::StructureView&)>;
  Result<void> visit_structures(const mailstore::UidSet& uids, const Visit& visit);

private:
  Result<void> look_into(const mailstore::Message& message, const Evaluation& evaluation,
                         mailstore::UidSet& found);
  void keep(mailstore::Cached made);
  void keep_all();

  mailstore::MailStore& store_;
  const Selected& box_;
  Progress* progress_;
  std::vector<mailstore::Cached> made_;
  std::size_t made_bytes_ = 0;
};

}  // namespace tubepost::imapd
