// ESEARCH (RFC 7377): SEARCH in several mailboxes at once, selected or not.
#include <algorithm>

#include "imap/writer.h"
#include "imapd/search_options.h"
#include "imapd/search_run.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t filters_max = 100;

// ["IN" SP "(" filter *(SP filter) ["(" scope-options ")"] ")" SP]; no scope options are known.
std::vector<MailboxFilter> expect_sources(imap::Scanner& args, bool utf8) {
  if (!args.take_word("IN")) return {MailboxFilter{}};
  std::vector<MailboxFilter> filters;
  args.expect_space();
  args.expect('(');
  do {
    if (filters.size() == filters_max) args.fail("too many sources");
    filters.push_back(expect_mailbox_filter(args, utf8));
    if (filters.back().kind == MailboxFilter::Kind::selected_delayed) args.fail("that is for NOTIFY");
  } while (!args.failed() && args.take(' '));
  args.expect(')');
  args.expect_space();
  return filters;
}

bool is_selected_only(const std::vector<MailboxFilter>& filters) {
  return std::all_of(filters.begin(), filters.end(), [](const auto& filter) { return filter.is_selected(); });
}

}  // namespace

// Each mailbox once. RFC 7377 2.2: without the rights to it, it is passed over.
Result<std::vector<Found>> Session::sources(const std::vector<MailboxFilter>& filters) {
  std::vector<Found> found;
  const bool with_selected =
      std::any_of(filters.begin(), filters.end(), [](const auto& filter) { return filter.is_selected(); });
  if (with_selected) found.push_back({{}, selected_->ref, selected_->status, selected_->rights});
  if (is_selected_only(filters)) return found;
  auto mailboxes = listed();
  if (!mailboxes) return mailboxes;
  const auto subscriptions = services_.store.subscriptions(account_->id);
  if (!subscriptions) return subscriptions.error();
  const std::set<std::string> subscribed(subscriptions->begin(), subscriptions->end());
  for (auto& mailbox : *mailboxes) {
    const bool is_there = with_selected && mailbox.ref == selected_->ref;
    const bool is_covered = std::any_of(filters.begin(), filters.end(), [&](const auto& filter) {
      return filter.covers(mailbox, subscribed);
    });
    if (is_covered && !is_there && mailbox.rights.has('r')) found.push_back(std::move(mailbox));
  }
  return found;
}

// The answer only where the search cannot go on.
std::optional<Answer> Session::search_in(const Found& mailbox, const imap::SearchProgram& program,
                                         const SearchOptions& options, Progress& progress) {
  const bool is_selected = selected_ && selected_->ref == mailbox.ref;
  Selected other;
  if (!is_selected) {
    auto view = services_.store.view(mailbox.ref);
    if (!view) return std::nullopt;  // gone meanwhile
    other.ref = mailbox.ref;
    other.status = std::move(view->status);
    other.uids = std::move(view->uids);
  }
  const Selected& box = is_selected ? *selected_ : other;
  const auto evaluation = Evaluation::make(program, box, services_.clock.now());
  if (!evaluation) return imap::no(imap::code::bad_charset, "That charset is not known");
  SearchRun run(services_.store, box, &progress);
  const auto found = run.find(*evaluation);
  if (!found) return refused(found.error());
  const auto uids = found->intersection(box.uids);
  const auto told = told_of(options, uids);
  if (options.save) selected_->saved = told;
  if (uids.empty() || options.only_saves()) return std::nullopt;
  std::string out = "* ESEARCH (TAG ";
  imap::append_string(out, tag_);
  out += " MAILBOX ";
  imap::append_mailbox(out, mailbox.status.name, speaks_utf8());
  out += " UIDVALIDITY " + std::to_string(box.status.uid_validity) + ") UID";
  append_results(out, options, uids);
  if (!told.empty() && imap::uses(program.key, imap::SearchKey::Kind::modseq)) {
    const auto highest = run.highest_modseq(told);
    if (!highest) return refused(highest.error());
    out += " MODSEQ " + std::to_string(*highest);
  }
  lines_ << out << "\r\n";
  return std::nullopt;
}

Answer Session::esearch(Call& call) {
  const auto filters = expect_sources(call.args, speaks_utf8());
  auto options = expect_search_options(call.args);
  const auto program = imap::expect_search_program(call.args, true);
  if (call.args.failed()) return syntax_error(call.args);
  if (!options.extended) options.all = true;  // RFC 7377 2.1
  const bool needs_selected =
      std::any_of(filters.begin(), filters.end(), [](const auto& filter) { return filter.is_selected(); });
  if (needs_selected && !selected_) return imap::bad("Select a mailbox first");
  if (options.save && !is_selected_only(filters)) return imap::bad("SAVE is for the selected mailbox alone");
  if (uid_only_ && uses_numbers(program.key)) return uid_required();
  if (imap::uses(program.key, imap::SearchKey::Kind::modseq)) enable_condstore();
  const auto mailboxes = sources(filters);
  if (!mailboxes) return refused(mailboxes.error());
  Progress progress(lines_, tag_, services_.clock);
  std::uint64_t before = 0, all = 0;
  for (const auto& mailbox : *mailboxes) all += mailbox.status.messages;
  for (const auto& mailbox : *mailboxes) {
    progress.part(before, all);
    if (auto answer = search_in(mailbox, program, options, progress)) return *answer;
    before += mailbox.status.messages;
  }
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd
