// EXPUNGE (RFC 9051 6.4.3) and UID EXPUNGE (RFC 4315 2.1).
#include "imapd/session.h"

namespace tubepost::imapd {

Answer Session::expunge(Call& call) {
  auto uids = selected_->uids;
  if (call.uid) {
    const auto set = imap::expect_sequence_set(call.args);
    call.args.expect_end();
    if (call.args.failed()) return syntax_error(call.args);
    uids = selected_->chosen(set, true);
  }
  if (selected_->read_only)
    return imap::no(imap::code::no_permission, "The mailbox is open for reading only");
  if (!selected_->rights.has('e')) return no_right();
  const auto removed = services_.store.expunge(selected_->ref, uids, mailstore::Which::only_deleted);
  if (!removed) return refused(removed.error());
  if (!removed->uids.empty()) selected_->own.push_back(removed->modseq);
  const auto ours = removed->uids.intersection(selected_->uids);
  if (ours.empty()) return imap::ok("Nothing was to be expunged");
  tell_vanished(ours);
  // RFC 7162 3.2.7: the client need not ask what it has done.
  if (!condstore_) return imap::ok("Expunged");
  return imap::ok("HIGHESTMODSEQ " + std::to_string(removed->modseq), "Expunged");
}

}  // namespace tubepost::imapd
