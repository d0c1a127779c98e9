// SORT (RFC 5256 3, RFC 5957) and THREAD (RFC 5256 3).
#include "imap/sort.h"
#include "imap/thread.h"
#include "imap/writer.h"
#include "imapd/search_options.h"
#include "imapd/search_run.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

std::vector<imap::SortCriterion> expect_criteria(imap::Scanner& args) {
  std::vector<imap::SortCriterion> criteria;
  args.expect('(');
  do {
    imap::SortCriterion criterion;
    criterion.reverse = args.take_word("REVERSE");
    if (criterion.reverse) args.expect_space();
    const auto key = imap::parse_sort_key(args.expect_atom());
    if (!key || criteria.size() == imap::sort_criteria_max) args.fail("an unknown criterion, or too many");
    criterion.key = key.value_or(imap::SortKey::arrival);
    criteria.push_back(criterion);
  } while (!args.failed() && args.take(' '));
  args.expect(')');
  return criteria;
}

// SP charset SP search-key …
imap::SearchProgram expect_program(imap::Scanner& args) {
  args.expect_space();
  auto charset = args.expect_astring();
  args.expect_space();
  auto program = imap::expect_search_program(args, false);
  program.charset = std::move(charset);
  return program;
}

std::chrono::sys_seconds seconds_of(Timestamp time) { return std::chrono::floor<std::chrono::seconds>(time); }

}  // namespace

Answer Session::sort(Call& call) {
  auto criteria = expect_criteria(call.args);
  const auto program = expect_program(call.args);
  if (call.args.failed()) return syntax_error(call.args);
  if (uid_only_ && uses_numbers(program.key)) return uid_required();
  const auto evaluation = Evaluation::make(program, *selected_, services_.clock.now());
  if (!evaluation) return imap::no(imap::code::bad_charset, "That charset is not known");
  Progress progress(lines_, tag_, services_.clock);
  SearchRun run(services_.store, *selected_, &progress);
  const auto found = run.find(*evaluation);
  if (!found) return refused(found.error());
  imap::Sorter sorter(std::move(criteria));
  mailstore::SequenceWalk walk(selected_->uids);
  const auto add = [&](const mailstore::Message& message, const imap::StructureView& structure) {
    const auto number = call.uid ? message.uid : walk.sequence_of(message.uid);
    if (number) sorter.add(*number, seconds_of(message.internal_date), message.size, structure);
  };
  const auto uids = found->intersection(selected_->uids);
  if (auto visited = run.visit_structures(uids, add); !visited) return refused(visited.error());
  std::string out = "* SORT";
  for (const auto number : sorter.sorted()) {
    out += ' ';
    imap::append_number(out, number);
  }
  if (!uids.empty() && imap::uses(program.key, imap::SearchKey::Kind::modseq)) {  // RFC 7162 3.1.9
    const auto highest = run.highest_modseq(uids);
    if (!highest) return refused(highest.error());
    out += " (MODSEQ " + std::to_string(*highest) + ')';
  }
  lines_ << out << "\r\n";
  return imap::ok("That is all");
}

Answer Session::thread(Call& call) {
  const auto algorithm = imap::parse_thread_algorithm(call.args.expect_atom());
  const auto program = expect_program(call.args);
  if (call.args.failed()) return syntax_error(call.args);
  if (uid_only_ && uses_numbers(program.key)) return uid_required();
  if (!algorithm) return imap::bad("An unknown way to make threads");
  const auto evaluation = Evaluation::make(program, *selected_, services_.clock.now());
  if (!evaluation) return imap::no(imap::code::bad_charset, "That charset is not known");
  Progress progress(lines_, tag_, services_.clock);
  SearchRun run(services_.store, *selected_, &progress);
  const auto found = run.find(*evaluation);
  if (!found) return refused(found.error());
  imap::Threader threader(*algorithm);
  mailstore::SequenceWalk walk(selected_->uids);
  const auto add = [&](const mailstore::Message& message, const imap::StructureView& structure) {
    const auto number = call.uid ? message.uid : walk.sequence_of(message.uid);
    if (number) threader.add(*number, seconds_of(message.internal_date), structure);
  };
  const auto uids = found->intersection(selected_->uids);
  if (auto visited = run.visit_structures(uids, add); !visited) return refused(visited.error());
  const auto threads = threader.threads();
  lines_ << "* THREAD" << (threads.empty() ? "" : " ") << threads << "\r\n";
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd
