// FETCH (RFC 9051 6.4.5) with CHANGEDSINCE and VANISHED (RFC 7162 3.1.4, 3.2.6) and PARTIAL (RFC 9394 3.3).
#include "base/text.h"
#include "imapd/fetch_writer.h"
#include "imapd/partial.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

struct FetchCommand {
  imap::SequenceSet set;
  imap::FetchItems items;
  std::optional<mailstore::ModSeq> changed_since;
  bool vanished = false;
  std::optional<PartialRange> partial;
};

void expect_fetch_modifiers(imap::Scanner& args, FetchCommand& parsed) {
  if (!args.take(' ')) return;
  args.expect('(');
  do {
    if (args.take_word("CHANGEDSINCE")) {
      args.expect_space();
      parsed.changed_since = args.expect_number64();
    } else if (args.take_word("VANISHED")) {
      parsed.vanished = true;
    } else if (args.take_word("PARTIAL")) {
      args.expect_space();
      parsed.partial = expect_partial_range(args);
    } else {
      args.fail("an unknown modifier of FETCH");
    }
  } while (!args.failed() && args.take(' '));
  args.expect(')');
}

FetchCommand parse_fetch(Call& call) {
  FetchCommand parsed;
  parsed.set = imap::expect_sequence_set(call.args);
  call.args.expect_space();
  parsed.items = imap::expect_fetch_items(call.args);
  expect_fetch_modifiers(call.args, parsed);
  call.args.expect_end();
  if (parsed.vanished && (!call.uid || !parsed.changed_since))
    call.args.fail("VANISHED goes with UID FETCH and CHANGEDSINCE");
  if (parsed.partial && !call.uid) call.args.fail("PARTIAL goes with UID FETCH");
  return parsed;
}

Result<mailstore::UidSet> those(const mailstore::MailStore& store, const Selected& box,
                                const mailstore::UidSet& uids,
                                const std::function<bool(const mailstore::Message&)>& chosen) {
  mailstore::UidSet found;
  const auto visit = [&](const mailstore::Scanned& scanned) {
    if (chosen(scanned.message)) found.add(scanned.message.uid);
    return true;
  };
  const auto done = store.scan(box.ref, uids, mailstore::With::records, visit);
  if (!done) return done.error();
  return found;
}

}  // namespace

Answer Session::fetch(Call& call) {
  auto parsed = parse_fetch(call);
  if (call.args.failed()) return syntax_error(call.args);
  if (parsed.vanished && !qresync_) return imap::bad("ENABLE QRESYNC first");
  if (parsed.items.has(imap::fetch_modseq) || parsed.changed_since) enable_condstore();
  if (call.uid) parsed.items.attributes |= imap::fetch_uid;
  if (parsed.changed_since) parsed.items.attributes |= imap::fetch_modseq;
  auto uids = selected_->chosen(parsed.set, call.uid);
  if (parsed.partial) uids = part_of(uids, *parsed.partial);
  if (parsed.vanished) {
    const auto changes = services_.store.changes_since(selected_->ref, *parsed.changed_since);
    if (!changes) return refused(changes.error());
    const auto asked = to_uid_set(parsed.set.resolve(selected_->status.uid_next - 1));
    const auto gone = changes->vanished.intersection(asked).without(selected_->uids);
    if (!gone.empty()) lines_ << "* VANISHED (EARLIER) " << imap::to_text(to_ranges(gone)) << "\r\n";
  }
  if (parsed.changed_since) {
    auto changed = those(services_.store, *selected_, uids,
                         [&](const auto& message) { return message.modseq > *parsed.changed_since; });
    if (!changed) return refused(changed.error());
    uids = std::move(*changed);
  }
  mailstore::UidSet marked;
  if (parsed.items.sets_seen()) marked = mark_seen(uids);
  FetchWriter writer(services_.store, *selected_, lines_, parsed.items);
  if (const auto written = writer.write(uids, marked); !written) return refused(written.error());
  if (writer.met_unknown_encoding()) return imap::no(imap::code::unknown_cte, "An unknown transfer encoding");
  // RFC 9051 6.4.9: a UID that is no more is no error; its expunge is told before this answer.
  if (!call.uid && writer.written() < uids.size())
    return imap::no(imap::code::expunge_issued, "Some of them have been expunged");
  return imap::ok("That is all");
}

// RFC 9051 6.4.5: BODY[…] without PEEK; those whose flags it changed. Nothing is written to the store where nothing
// changes. What cannot be written (the disk is full) can be read all the same.
mailstore::UidSet Session::mark_seen(const mailstore::UidSet& uids) {
  if (selected_->read_only || !selected_->rights.has('s')) return {};
  const auto unseen = those(services_.store, *selected_, uids,
                            [](const auto& message) { return (message.flags & mailstore::seen) == 0; });
  if (!unseen || unseen->empty()) return {};
  mailstore::FlagChange change;
  change.flags.system = mailstore::seen;
  auto stored = services_.store.store_flags(selected_->ref, *unseen, change);
  if (!stored) {
    refused(stored.error());  // for the log
    return {};
  }
  selected_->own.push_back(stored->modseq);
  return std::move(stored->changed);
}

Result<void> Session::write_fetch(const mailstore::UidSet& uids, const imap::FetchItems& items,
                                  const mailstore::UidSet& with_flags) {
  return FetchWriter(services_.store, *selected_, lines_, items).write(uids, with_flags);
}

}  // namespace tubepost::imapd
