// STORE (RFC 9051 6.4.6) with UNCHANGEDSINCE (RFC 7162 3.1.3).
#include "imap/flags.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

struct StoreCommand {
  imap::SequenceSet set;
  mailstore::FlagChange change;
  bool silent = false;
};

void expect_store_modifiers(imap::Scanner& args, StoreCommand& parsed) {
  if (!args.take('(')) return;
  if (!args.take_word("UNCHANGEDSINCE")) args.fail("an unknown modifier of STORE");
  args.expect_space();
  parsed.change.unchanged_since = args.expect_number64();
  args.expect(')');
  args.expect_space();
}

StoreCommand parse_store(imap::Scanner& args) {
  StoreCommand parsed;
  parsed.set = imap::expect_sequence_set(args);
  args.expect_space();
  expect_store_modifiers(args, parsed);
  using How = mailstore::FlagChange::How;
  parsed.change.how = args.take('+') ? How::add : args.take('-') ? How::remove : How::replace;
  parsed.silent = args.take_word("FLAGS.SILENT");
  if (!parsed.silent && !args.take_word("FLAGS")) args.fail("FLAGS expected");
  args.expect_space();
  auto flags = imap::expect_store_flags(args);
  args.expect_end();
  parsed.change.flags = {flags.system, std::move(flags.keywords)};
  return parsed;
}

// RFC 4314 4: STORE fails only if no flag in it may be changed.
bool may_change(const mailstore::FlagChange& change) {
  const auto& [system, keywords] = change.may_touch;
  if (change.how == mailstore::FlagChange::How::replace) return system != 0;
  const bool is_nothing = change.flags.system == 0 && change.flags.keywords.empty();
  return is_nothing || (change.flags.system & system) != 0 || (!change.flags.keywords.empty() && keywords);
}

}  // namespace

Answer Session::store(Call& call) {
  auto parsed = parse_store(call.args);
  if (call.args.failed()) return syntax_error(call.args);
  if (selected_->read_only)
    return imap::no(imap::code::no_permission, "The mailbox is open for reading only");
  if (parsed.change.unchanged_since) enable_condstore();
  Selected& box = *selected_;
  const auto uids = box.chosen(parsed.set, call.uid);
  parsed.change.may_touch = settable_flags(box.rights);
  if (!may_change(parsed.change)) return no_right();
  const auto stored = services_.store.store_flags(box.ref, uids, parsed.change);
  if (!stored) return refused(stored.error());
  if (!stored->changed.empty()) box.own.push_back(stored->modseq);
  if (const auto status = services_.store.status(box.ref);
      status && status->keywords.size() != box.status.keywords.size()) {
    box.status.keywords = status->keywords;
    write_flag_lists();
  }
  imap::FetchItems items;
  items.attributes = call.uid || qresync_ ? imap::fetch_uid : 0U;
  if (!parsed.silent) items.attributes |= imap::fetch_flags;
  if (condstore_) items.attributes |= imap::fetch_modseq;
  // RFC 7162 3.1.3: a silent STORE still tells the new mod-sequences.
  const auto told = parsed.silent ? stored->changed : uids.without(stored->modified);
  if (!parsed.silent || condstore_)
    if (const auto written = write_fetch(told, items, {}); !written) return refused(written.error());
  if (stored->modified.empty()) return imap::ok("Stored");
  const auto left = call.uid ? stored->modified : box.uids.sequences_of(stored->modified);
  return imap::ok("MODIFIED " + imap::to_text(to_ranges(left)), "Others have changed those meanwhile");
}

}  // namespace tubepost::imapd
