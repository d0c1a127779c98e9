// COPY (RFC 9051 6.4.7) and MOVE (6.4.8), with COPYUID (RFC 4315 3).
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

std::string copied_code(const mailstore::Copied& copied) {
  mailstore::UidSet to;
  to.add(copied.to);
  return "COPYUID " + std::to_string(copied.uid_validity) + ' ' + imap::to_text(to_ranges(copied.from)) +
         ' ' + imap::to_text(to_ranges(to));
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
  if (refusal) return *refusal;
  if (moves && selected_->read_only)
    return imap::no(imap::code::no_permission, "The mailbox is open for reading only");
  const auto target = services_.store.status(account_->id, *name);
  if (!target) return refused(target.error(), imap::code::try_create);
  const auto uids = selected_->chosen(set, call.uid);
  if (uids.empty()) return imap::ok("There was nothing to do");
  const mailstore::MailboxRef to{account_->id, target->id};
  const auto copied = moves ? services_.store.move(selected_->ref, uids, to, quota_limits())
                            : services_.store.copy(selected_->ref, uids, to, quota_limits());
  if (!copied) return refused(copied.error(), imap::code::try_create);
  if (copied->from.empty()) return imap::no(imap::code::expunge_issued, "They have all been expunged");
  if (!moves) return imap::ok(copied_code(*copied), "Copied");
  // RFC 6851 3.3: the code comes before the numbers of messages change.
  lines_ << "* OK [" << copied_code(*copied) << "] Moved\r\n";
  tell_vanished(copied->from);
  return imap::ok("Moved");
}

}  // namespace tubepost::imapd
