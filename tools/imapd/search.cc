// SEARCH (RFC 9051 6.4.4) with RETURN (RFC 4731), SAVE (RFC 5182), PARTIAL (RFC 9394), MODSEQ (RFC 7162).
#include "imap/writer.h"
#include "imapd/search_options.h"
#include "imapd/search_run.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

std::string plain_result(const mailstore::UidSet& numbers, std::optional<mailstore::ModSeq> modseq) {
  std::string out = "* SEARCH";
  for (const auto& range : numbers.ranges())
    for (std::uint64_t number = range.first; number <= range.last; ++number) {
      out += ' ';
      imap::append_number(out, number);
    }
  if (modseq) out.append(" (MODSEQ ").append(std::to_string(*modseq)) += ')';
  return out += "\r\n";
}

}  // namespace

Answer Session::search(Call& call) {
  auto options = expect_search_options(call.args);
  const auto program = imap::expect_search_program(call.args, true);
  if (call.args.failed()) return syntax_error(call.args);
  if (uid_only_ && uses_numbers(program.key)) return uid_required();
  if (rev2_ && !options.extended) options.extended = options.all = true;  // RFC 9051 7.3.4
  const bool wants_modseq = imap::uses(program.key, imap::SearchKey::Kind::modseq);
  if (wants_modseq) enable_condstore();
  const auto evaluation = Evaluation::make(program, *selected_, services_.clock.now());
  if (options.save)
    selected_->saved = {};  // RFC 5182 2.1: also if the search fails; $ in it is the one before
  if (!evaluation) return imap::no(imap::code::bad_charset, "That charset is not known");
  Progress progress(lines_, tag_, services_.clock);
  SearchRun run(services_.store, *selected_, &progress);
  const auto found = run.find(*evaluation);
  if (!found) return refused(found.error());
  const auto uids = found->intersection(selected_->uids);
  const auto told = told_of(options, uids);
  if (options.save) selected_->saved = told;
  const auto numbers = call.uid ? uids : selected_->uids.sequences_of(uids);
  std::optional<mailstore::ModSeq> modseq;
  if (wants_modseq && !told.empty()) {
    const auto highest = run.highest_modseq(told);
    if (!highest) return refused(highest.error());
    modseq = *highest;
  }
  if (!options.extended) {
    lines_ << plain_result(numbers, modseq);
    return imap::ok("That is all");
  }
  std::string out = "* ESEARCH (TAG ";
  imap::append_string(out, tag_);
  out += call.uid ? ") UID" : ")";
  append_results(out, options, numbers);
  if (modseq) out += " MODSEQ " + std::to_string(*modseq);
  // RFC 5182 2.1: with SAVE alone there is nothing to be told.
  if (!options.only_saves()) lines_ << out << "\r\n";
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd
