// SORT (RFC 5256 3, RFC 5957): the keys of each message are copied from its structure when it is added, so that nothing
// need be kept of the message. Pure.
//
//   Sorter sorter(criteria);
//   sorter.add(uid, internal_date, size, structure);   // in the order of the mailbox
//   for (const auto uid : sorter.sorted()) …
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/structure_cache.h"

namespace tubepost::imap {

enum class SortKey { arrival, cc, date, from, size, subject, to, display_from, display_to };
std::optional<SortKey> parse_sort_key(
    std::string_view word);  // "ARRIVAL", "DISPLAYFROM" …, without regard to case

struct SortCriterion {
  SortKey key = SortKey::arrival;
  bool reverse = false;  // of this criterion alone; equals stay in the mailbox's order
};

inline constexpr std::size_t sort_criteria_max = 20;

class Sorter {
public:
  explicit Sorter(std::vector<SortCriterion> criteria) : criteria_(std::move(criteria)) {}
  void add(std::uint32_t number, std::chrono::sys_seconds internal_date, std::uint64_t size,
           const StructureView& structure);
  std::vector<std::uint32_t> sorted() const;

private:
  struct Value {
    std::int64_t number = 0;  // a date or a size; of a text: where it stands in texts_
    std::size_t length = 0;
  };
  int compare(std::size_t a, std::size_t b) const;
  std::string_view text(const Value& value) const;

  std::vector<SortCriterion> criteria_;
  std::vector<std::uint32_t> numbers_;
  std::vector<Value> values_;  // criteria_.size() of each message
  std::string texts_;
};

}  // namespace tubepost::imap
