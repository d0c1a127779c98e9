// COPY (RFC 9051 6.4.7) and MOVE (6.4.8), with COPYUID (RFC 4315 3).
#include "imapd/room.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

mailstore::UidSet uid_set(mailstore::UidRange range) {
  mailstore::UidSet set;
  set.add(range);
  return set;
}

// RFC 4315 3: none for who may not read the mailbox.
std::string copied_code(const Found& target, const mailstore::Copied& copied) {
  if (!target.rights.has('r')) return {};
  return "COPYUID " + std::to_string(copied.uid_validity) + ' ' + imap::to_text(to_ranges(copied.from)) +
         ' ' + imap::to_text(to_ranges(uid_set(copied.to)));
}

}  // namespace

Answer Session::copy(Call& call) { return transfer(call, false); }
Answer Session::move(Call& call) { return transfer(call, true); }

Answer Session::transfer(Call& call, bool moves) {
  const auto set = imap::expect_sequence_set(call.args);
  call.args.expect_space();
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (moves && !may_remove(selected_->rights) && !refusal) refusal = no_right();
  if (moves && selected_->read_only && !refusal)
    refusal = imap::no(imap::code::no_permission, "The mailbox is open for reading only");
  const auto target = find_mailbox(name, "i", refusal, imap::code::try_create);
  if (!target) return *refusal;
  const auto uids = selected_->chosen(set, call.uid);
  if (uids.empty()) return imap::ok("There was nothing to do");
  const auto room = room_of(services_.store, services_.directory, target->location.owner);
  if (!room) return refused(room.error());
  const auto carried = settable_flags(target->rights);  // RFC 4314 4
  const auto copied = moves ? services_.store.move(selected_->ref, uids, target->ref, *room, carried)
                            : services_.store.copy(selected_->ref, uids, target->ref, *room, carried);
  if (!copied) return refused(copied.error(), imap::code::try_create);
  if (copied->from.empty()) return imap::no(imap::code::expunge_issued, "They have all been expunged");
  note_own_messages(target->ref, copied->to);
  if (!moves) return imap::ok(copied_code(*target, *copied), "Copied");
  // RFC 6851 3.3: the code comes before the numbers of messages change.
  lines_ << imap::ok(copied_code(*target, *copied), "Moved").to_wire("*");
  tell_vanished(copied->from);
  return imap::ok("Moved");
}

}  // namespace tubepost::imapd
