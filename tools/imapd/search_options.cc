#include "imapd/search_options.h"

#include <algorithm>

namespace tubepost::imapd {
namespace {

void expect_option(imap::Scanner& args, SearchOptions& options) {
  if (args.take_word("PARTIAL")) {
    if (options.partial) args.fail("PARTIAL twice");
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

}  // namespace

SearchOptions expect_search_options(imap::Scanner& args) {
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
  if (options.partial && options.all) args.fail("PARTIAL and ALL exclude each other");  // RFC 9394 3.1
  // RFC 4731 3.1: RETURN () is RETURN (ALL).
  if (!options.min && !options.max && !options.count && !options.save && !options.partial) options.all = true;
  return options;
}

mailstore::UidSet told_of(const SearchOptions& options, const mailstore::UidSet& found) {
  if (options.saves_all() || found.empty()) return found;
  mailstore::UidSet told;
  if (options.partial) told = part_of(found, *options.partial);
  if (options.min) told.add(found.first());
  if (options.max) told.add(found.last());
  return told;
}

void append_results(std::string& out, const SearchOptions& options, const mailstore::UidSet& numbers) {
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

bool uses_numbers(const imap::SearchKey& key) {
  if (key.kind == imap::SearchKey::Kind::sequence && !key.set.saved) return true;
  return std::any_of(key.children.begin(), key.children.end(), uses_numbers);
}

}  // namespace tubepost::imapd
