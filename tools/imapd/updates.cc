// What others have done to the selected mailbox, told when the client may hear it (RFC 9051 5.2, 7.5.1; RFC
// 7162 3.2.10 VANISHED).
#include <algorithm>

#include "imap/writer.h"
#include "imapd/flag_writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {

bool Session::send_updates(Expunges expunges) {
  Selected& box = *selected_;
  const auto wants = [this](NotifyEvent event) { return !notify_ || notify_->tells_selected(event); };
  if (!wants(message_new)) {  // RFC 5465 3.1: the client does not want to hear
    box.own.clear();
    box.put_here = {};
    return rights_hold();
  }
  const bool may_expunge = expunges == Expunges::may_be_told;
  const auto counter = services_.store.change_counter();
  if (counter == box.counter && !(box.owes_expunges && may_expunge)) return true;
  auto changes = services_.store.changes_since(box.ref, box.told);
  if (!rights_hold()) return false;
  if (!changes) return changes.error().status != mailstore::refusal::no_such_mailbox;
  box.counter = counter;
  const auto vanished = box.uids.without(changes->uids);
  if (may_expunge && !vanished.empty()) tell_vanished(vanished);
  box.owes_expunges = !may_expunge && !vanished.empty();

  const auto arrived = changes->uids.from(box.status.uid_next);
  const auto keywords = box.status.keywords.size();
  const auto since = box.told;
  changes->status.name.swap(box.status.name);  // the name the user knows it by
  box.status = std::move(changes->status);
  box.told = box.status.highest_modseq;
  const auto changed = changes->changed.intersection(box.uids);
  if (!arrived.empty()) {
    box.uids.add(arrived);
    lines_ << "* " << std::to_string(box.count()) << " EXISTS\r\n";
    tell_new(arrived);
  }
  if (box.status.keywords.size() != keywords) write_flag_lists();
  const bool all_ours = box.told - since == box.own.size();
  if (!changed.empty() && !all_ours && wants(flag_change)) tell_flags(changed, since);
  box.own.clear();
  box.put_here = {};
  return true;
}

void Session::forget(const mailstore::UidSet& uids) {
  selected_->uids.remove(uids);
  selected_->uids.shrink();
  selected_->saved.remove(uids);
}

// RFC 5465 5.2: what the client wants to know of new messages, except of those it has put there.
void Session::tell_new(const mailstore::UidSet& arrived) {
  if (!notify_ || !notify_->request.fetched) return;
  const auto others = arrived.without(selected_->put_here);
  if (const auto written = write_fetch(others, *notify_->request.fetched, {}); !written)
    services_.logger.error("store-failed", {{"client", client_.address_text()}});
}

// From the last to the first, so that each number is right when it is read.
void Session::tell_vanished(const mailstore::UidSet& vanished) {
  if (qresync_ || uid_only_) {
    lines_ << "* VANISHED " << imap::to_text(to_ranges(vanished)) << "\r\n";
    return forget(vanished);
  }
  const auto numbers = selected_->uids.sequences_of(vanished);
  std::string out;
  for (auto range = numbers.ranges().rbegin(); range != numbers.ranges().rend(); ++range)
    for (auto number = range->last; number >= range->first; --number) {
      out += "* ";
      imap::append_number(out, number);
      out += " EXPUNGE\r\n";
    }
  lines_ << out;
  forget(vanished);
}

// Of the messages that changed after `since`, except by this session.
void Session::tell_flags(const mailstore::UidSet& uids, mailstore::ModSeq since) {
  const auto& own = selected_->own;
  mailstore::UidSet others;
  const auto choose = [&](const mailstore::Scanned& scanned) {
    const auto modseq = scanned.message.modseq;
    if (modseq > since && std::find(own.begin(), own.end(), modseq) == own.end())
      others.add(scanned.message.uid);
    return true;
  };
  imap::FetchItems items;
  items.attributes = imap::fetch_uid | imap::fetch_flags | (condstore_ ? imap::fetch_modseq : 0U);
  const auto chosen = services_.store.scan(selected_->ref, uids, mailstore::With::records, choose);
  if (!chosen || !write_fetch(others, items, {}))
    services_.logger.error("store-failed", {{"client", client_.address_text()}});
}

}  // namespace tubepost::imapd
