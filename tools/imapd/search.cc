// SEARCH (RFC 9051 6.4.4) with RETURN (RFC 4731), SAVE (RFC 5182), PARTIAL (RFC 9394), MODSEQ (RFC 7162).
#include "imap/writer.h"
#include "imapd/partial.h"
#include "imapd/search_run.h"
#include "imapd/session.h"

namespace tubepost::imapd {

struct SearchOptions {
  bool extended = false, min = false, max = false, all = false, count = false, save = false;
  std::optional<PartialRange> partial;
  bool saves_all() const { return all || count || partial || (!min && !max); }
};

namespace {

void expect_option(imap::Scanner& args, SearchOptions& options) {
  if (args.take_word("PARTIAL")) {
    args.expect_space();
    options.partial = expect_partial_range(args);
    return;
  }
  const struct {
    std::string_view word;
    bool& option;
  } words[] = {{"MIN", options.min},
               {"MAX", options.max},
               {"ALL", options.all},
               {"COUNT", options.count},
               {"SAVE", options.save}};
  for (const auto& word : words)
    if (args.take_word(word.word)) return void(word.option = true);
  args.fail("an unknown option of SEARCH");
}

SearchOptions expect_options(imap::Scanner& args) {
  SearchOptions options;
  if (!args.take_word("RETURN")) return options;
  options.extended = true;
  args.expect_space();
  args.expect('(');
  while (!args.failed() && !args.take(')')) {
    expect_option(args, options);
    if (args.peek() != ')') args.expect_space();
  }
  args.expect_space();
  // RFC 4731 3.1: RETURN () is RETURN (ALL).
  if (!options.min && !options.max && !options.count && !options.save && !options.partial) options.all = true;
  return options;
}

// RFC 5182 2.4: what $ is afterwards.
mailstore::UidSet saved_of(const SearchOptions& options, const mailstore::UidSet& found) {
  if (options.saves_all() || found.empty()) return found;
  mailstore::UidSet saved;
  if (options.min) saved.add(found.first());
  if (options.max) saved.add(found.last());
  return saved;
}

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

void append_extended(std::string& out, const SearchOptions& options, const mailstore::UidSet& numbers) {
  if (options.min && !numbers.empty()) out += " MIN " + std::to_string(numbers.first());
  if (options.max && !numbers.empty()) out += " MAX " + std::to_string(numbers.last());
  if (options.all && !numbers.empty()) out += " ALL ", imap::append_ranges(out, to_ranges(numbers));
  if (options.count) out += " COUNT " + std::to_string(numbers.size());
  if (!options.partial) return;
  const auto part = part_of(numbers, *options.partial);
  out += " PARTIAL (" + options.partial->text + ' ';
  part.empty() ? void(out += "NIL") : imap::append_ranges(out, to_ranges(part));
  out += ')';
}

}  // namespace

Answer Session::search(Call& call) {
  auto options = expect_options(call.args);
  const auto program = imap::expect_search_program(call.args, true);
  if (call.args.failed()) return syntax_error(call.args);
  if (rev2_ && !options.extended) options.extended = options.all = true;  // RFC 9051 7.3.4
  const bool wants_modseq = imap::uses(program.key, imap::SearchKey::Kind::modseq);
  if (wants_modseq) enable_condstore();
  const auto evaluation = Evaluation::make(program, *selected_, services_.clock.now());
  if (options.save)
    selected_->saved = {};  // RFC 5182 2.1: also if the search fails; $ in it is the one before
  if (!evaluation) return imap::no(imap::code::bad_charset, "That charset is not known");
  const auto found = SearchRun(services_.store, *selected_).find(*evaluation);
  if (!found) return refused(found.error());
  const auto uids = found->uids.intersection(selected_->uids);
  if (options.save) selected_->saved = saved_of(options, uids);
  const auto numbers = call.uid ? uids : selected_->uids.sequences_of(uids);
  std::optional<mailstore::ModSeq> modseq;
  if (wants_modseq && !numbers.empty()) modseq = found->modseq;
  if (!options.extended) {
    lines_ << plain_result(numbers, modseq);
    return imap::ok("That is all");
  }
  std::string out = "* ESEARCH (TAG ";
  imap::append_string(out, tag_);
  out += call.uid ? ") UID" : ")";
  append_extended(out, options, numbers);
  if (modseq) out += " MODSEQ " + std::to_string(*modseq);
  // RFC 5182 2.1: with SAVE alone there is nothing to be told.
  const bool only_saves =
      options.save && !options.min && !options.max && !options.all && !options.count && !options.partial;
  if (!only_saves) lines_ << out << "\r\n";
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd
