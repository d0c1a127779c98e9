// Sets of message numbers or UIDs: "1:3,7,*" and "$" (RFC 9051 9 sequence-set; RFC 5182 SEARCHRES).
// Pure values. As parsed a set stands in the client's order, with `*` unresolved; resolve() makes it sorted,
// disjoint ranges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "imap/scanner.h"

namespace tubepost::imap {

struct Range {
  std::uint32_t first = 0, last = 0;  // both belong to it
  friend bool operator==(const Range&, const Range&) = default;
};
using Ranges = std::vector<Range>;  // sorted, disjoint, not adjacent

inline constexpr std::uint32_t largest_number = 0;  // "*" in a parsed set
inline constexpr std::size_t set_ranges_max = 20'000;

struct SequenceSet {
  std::vector<Range> ranges;  // as written; largest_number for "*"
  bool saved = false;         // "$"

  // `largest`: the number that "*" is now (0: the mailbox is empty, so "*" is nothing).
  Ranges resolve(std::uint32_t largest) const;
  bool is_everything() const {  // 1:*
    return ranges.size() == 1 && ranges[0].first == 1 && ranges[0].last == largest_number;
  }
};

bool is_sequence_set_next(const Scanner& scanner);
SequenceSet expect_sequence_set(Scanner& scanner);
// Without "*" and "$" (known-uids of QRESYNC, RFC 7162 7).
Ranges expect_known_uids(Scanner& scanner);

Ranges normalized(std::vector<Range> ranges);  // any order; first may be greater than last

void append_ranges(std::string& out, const Ranges& ranges);  // "1:3,7"
std::string to_text(const Ranges& ranges);

}  // namespace tubepost::imap
