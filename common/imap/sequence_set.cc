#include "imap/sequence_set.h"

#include <algorithm>

#include "base/text.h"
#include "imap/writer.h"

namespace tubepost::imap {
namespace {

std::uint32_t expect_seq_number(Scanner& scanner) {
  return scanner.take('*') ? largest_number : scanner.expect_nz_number();
}

}  // namespace

bool is_sequence_set_next(const Scanner& scanner) {
  return is_digit(scanner.peek()) || scanner.peek() == '*' || scanner.peek() == '$';
}

SequenceSet expect_sequence_set(Scanner& scanner) {
  SequenceSet set;
  if (scanner.take('$')) {
    set.saved = true;
    return set;
  }
  do {
    Range range;
    range.first = expect_seq_number(scanner);
    range.last = scanner.take(':') ? expect_seq_number(scanner) : range.first;
    if (set.ranges.size() == set_ranges_max) scanner.fail("a set of too many ranges");
    if (scanner.failed()) return {};
    set.ranges.push_back(range);
  } while (scanner.take(','));
  return set;
}

Ranges expect_known_uids(Scanner& scanner) {
  auto set = expect_sequence_set(scanner);
  const bool has_star = std::any_of(set.ranges.begin(), set.ranges.end(), [](const Range& range) {
    return range.first == largest_number || range.last == largest_number;
  });
  if (set.saved || has_star) scanner.fail("a set of numbers expected, without * and $");
  return scanner.failed() ? Ranges() : normalized(std::move(set.ranges));
}

// RFC 9051 9 seq-range: "*:4" and "4:*" are the same; "559:*" always has the largest in it.
Ranges SequenceSet::resolve(std::uint32_t largest) const {
  std::vector<Range> resolved;
  resolved.reserve(ranges.size());
  for (Range range : ranges) {
    const bool has_star = range.first == largest_number || range.last == largest_number;
    if (has_star && largest == 0) continue;
    if (range.first == largest_number) range.first = largest;
    if (range.last == largest_number) range.last = largest;
    resolved.push_back(range);
  }
  return normalized(std::move(resolved));
}

Ranges normalized(std::vector<Range> ranges) {
  for (Range& range : ranges)
    if (range.first > range.last) std::swap(range.first, range.last);
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  Ranges merged;
  for (const Range& range : ranges) {
    if (!merged.empty() && range.first <= std::uint64_t{merged.back().last} + 1)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  return merged;
}

void append_ranges(std::string& out, const Ranges& ranges) {
  bool first = true;
  for (const Range& range : ranges) {
    if (!std::exchange(first, false)) out += ',';
    append_number(out, range.first);
    if (range.last == range.first) continue;
    out += ':';
    append_number(out, range.last);
  }
}

std::string to_text(const Ranges& ranges) {
  std::string text;
  append_ranges(text, ranges);
  return text;
}

}  // namespace tubepost::imap
