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

bool contains(const Ranges& ranges, std::uint32_t number) {
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), number,
                                      [](std::uint32_t n, const Range& range) { return n < range.first; });
  return after != ranges.begin() && std::prev(after)->last >= number;
}

std::uint64_t count_of(const Ranges& ranges) {
  std::uint64_t count = 0;
  for (const Range& range : ranges) count += std::uint64_t{range.last} - range.first + 1;
  return count;
}

void append_to(Ranges& ranges, std::uint32_t number) {
  if (!ranges.empty() && number <= std::uint64_t{ranges.back().last} + 1)
    ranges.back().last = std::max(ranges.back().last, number);
  else
    ranges.push_back({number, number});
}

Ranges intersection(const Ranges& a, const Ranges& b) {
  Ranges both;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Range common{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
    if (common.first <= common.last) both.push_back(common);
    a[i].last < b[j].last ? ++i : ++j;
  }
  return both;
}

Ranges difference(const Ranges& a, const Ranges& b) {
  Ranges left;
  std::size_t j = 0;
  for (const Range& range : a) {
    std::uint64_t from = range.first;
    while (j < b.size() && b[j].last < from) ++j;
    for (std::size_t k = j; k < b.size() && b[k].first <= range.last; ++k) {
      if (b[k].first > from) left.push_back({static_cast<std::uint32_t>(from), b[k].first - 1});
      from = std::max(from, std::uint64_t{b[k].last} + 1);
    }
    if (from <= range.last) left.push_back({static_cast<std::uint32_t>(from), range.last});
  }
  return left;
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
