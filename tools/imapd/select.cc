// SELECT and EXAMINE (RFC 9051 6.3.2, 6.3.3) with CONDSTORE and QRESYNC (RFC 7162 3.1.8, 3.2.5); CLOSE,
// UNSELECT (RFC 3691). MAILBOXID is of RFC 8474.
#include "base/text.h"
#include "imap/flags.h"
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {

// What a client knows of the mailbox from an earlier session.
struct Resync {
  std::uint32_t uid_validity = 0;
  mailstore::ModSeq modseq = 0;
  std::optional<mailstore::UidSet> known;
  bool has_numbers = false;  // the hint of sequence numbers
};

namespace {

// "(uidvalidity modseq [known-uids] [(known-sequence-set known-uid-set)])"
Resync expect_resync(imap::Scanner& args) {
  Resync resync;
  args.expect_space();
  args.expect('(');
  resync.uid_validity = args.expect_nz_number();
  args.expect_space();
  resync.modseq = args.expect_number64();
  bool more = args.take(' ');
  if (more && args.peek() != '(') {
    resync.known = to_uid_set(imap::expect_known_uids(args));
    more = args.take(' ');
  }
  // RFC 7162 3.2.5.2: a hint that saves bytes of VANISHED; what we remember of expunges makes it needless.
  resync.has_numbers = more && args.take('(');
  if (resync.has_numbers) {
    imap::expect_known_uids(args);
    args.expect_space();
    imap::expect_known_uids(args);
    args.expect(')');
  }
  args.expect(')');
  return resync;
}

struct Parameters {
  bool condstore = false;
  std::optional<Resync> resync;
};

Parameters expect_parameters(imap::Scanner& args) {
  Parameters parameters;
  if (!args.take(' ')) return parameters;
  args.expect('(');
  do {
    if (args.take_word("CONDSTORE"))
      parameters.condstore = true;
    else if (args.take_word("QRESYNC"))
      parameters.resync = expect_resync(args);
    else
      args.fail("an unknown parameter");
  } while (!args.failed() && args.take(' '));
  args.expect(')');
  return parameters;
}

}  // namespace

Answer Session::select(Call& call) { return open_mailbox(call, false); }
Answer Session::examine(Call& call) { return open_mailbox(call, true); }

Answer Session::open_mailbox(Call& call, bool read_only) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  const auto parameters = expect_parameters(call.args);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (parameters.resync && !qresync_) return imap::bad("ENABLE QRESYNC first");  // RFC 7162 3.2.5
  if (uid_only_ && parameters.resync && parameters.resync->has_numbers) return uid_required();
  const bool was_selected = selected_.has_value();
  deselect();  // RFC 9051 6.3.2: also if the new one cannot be
  const auto closed = [&] {
    if (was_selected) lines_ << "* OK [CLOSED] The mailbox before is closed\r\n";
  };
  Selected opened;
  // Before the rights and the messages are read: what changes meanwhile is looked at again.
  opened.rights_counter = opened.counter = services_.store.change_counter();
  auto found = find_mailbox(name, "r", refusal);
  if (!found) return closed(), *refusal;
  opened.ref = found->ref;
  opened.rights = found->rights;
  auto view = services_.store.view(opened.ref);
  if (!view) return closed(), refused(view.error());
  opened.status = std::move(view->status);
  opened.status.name = std::move(found->status.name);
  opened.uids = std::move(view->uids);
  opened.uids.shrink();
  opened.told = opened.status.highest_modseq;
  read_only = read_only || !opened.rights.has_any("iestw");  // RFC 4314 5.2
  opened.read_only = read_only;
  opened.uid_only = uid_only_;
  selected_ = std::move(opened);
  if (parameters.condstore || parameters.resync) condstore_ = true;
  describe_selected(was_selected);
  if (parameters.resync) resynchronize(*parameters.resync);
  return imap::ok(std::string(read_only ? imap::code::read_only : imap::code::read_write), "Selected");
}

void Session::write_flag_lists() {
  std::string out = "* FLAGS (";
  imap::append_system_flags(out, mailstore::system_flags);
  for (const auto& keyword : selected_->status.keywords) out.append(" ").append(keyword);
  out += ")\r\n* OK [PERMANENTFLAGS (";
  if (!selected_->read_only) {
    const auto settable = settable_flags(selected_->rights);
    imap::append_system_flags(out, settable.system);
    for (const auto& keyword : selected_->status.keywords)
      if (settable.keywords) out.append(" ").append(keyword);
    if (settable.keywords && selected_->status.keywords.size() < mailstore::keywords_max) out += " \\*";
  }
  lines_ << out.append(")] Flags that stay\r\n");
}

void Session::describe_selected(bool was_selected) {
  const auto& status = selected_->status;
  if (was_selected) lines_ << "* OK [CLOSED] The mailbox before is closed\r\n";
  write_flag_lists();
  std::string out = "* " + std::to_string(selected_->count()) + " EXISTS\r\n";
  if (!rev2_) out += "* 0 RECENT\r\n";
  out += "* OK [UIDVALIDITY " + std::to_string(status.uid_validity) + "] UIDs valid\r\n";
  out += "* OK [UIDNEXT " + std::to_string(status.uid_next) + "] The next UID\r\n";
  out += "* OK [HIGHESTMODSEQ " + std::to_string(status.highest_modseq) + "] The highest mod-sequence\r\n";
  out += "* OK [MAILBOXID (" + mailbox_id(selected_->ref) + ")] The mailbox's own name\r\n";
  if (rev2_) {
    out += "* LIST () \"/\" ";
    imap::append_mailbox(out, status.name, true);
    out += "\r\n";
  }
  lines_ << out;
}

// RFC 7162 3.2.5.1: what has changed since the client was here.
void Session::resynchronize(const Resync& resync) {
  if (resync.uid_validity != selected_->status.uid_validity) return;
  const auto changes = services_.store.changes_since(selected_->ref, resync.modseq);
  if (!changes) return;  // the client then finds out as one without QRESYNC does
  mailstore::UidSet known;
  known.add(mailstore::UidRange{1, selected_->status.uid_next - 1});
  if (resync.known) known = known.intersection(*resync.known);
  const auto vanished = changes->vanished.intersection(known).without(selected_->uids);
  if (!vanished.empty()) lines_ << "* VANISHED (EARLIER) " << imap::to_text(to_ranges(vanished)) << "\r\n";
  imap::FetchItems items;
  items.attributes = imap::fetch_uid | imap::fetch_flags | imap::fetch_modseq;
  // RFC 7162 3.2.5.1: known UIDs bound what is told as changed, too.
  const auto changed = changes->changed.intersection(selected_->uids);
  const auto told = resync.known ? changed.intersection(*resync.known) : changed;
  if (const auto written = write_fetch(told, items, {}); !written)
    services_.logger.error("store-failed", {{"reason", written.error().text}});
}

// RFC 9051 6.4.1: CLOSE expunges, and tells nothing of it.
Answer Session::close(Call&) {
  if (!selected_->read_only && selected_->rights.has('e')) {
    auto removed = services_.store.expunge(selected_->ref, selected_->uids, mailstore::Which::only_deleted);
    if (!removed) return refused(removed.error());
    if (!removed->uids.empty()) ++own_.changes[selected_->ref];
  }
  deselect();
  return imap::ok("Closed");
}

Answer Session::unselect(Call&) {
  deselect();
  return imap::ok("Unselected");
}

}  // namespace tubepost::imapd
