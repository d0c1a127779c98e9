#include "imap/sort.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace tubepost::imap {
namespace {

template <class T>
int compare_values(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

std::string_view text_key(SortKey key, const StructureView& structure) {
  switch (key) {
    case SortKey::cc:
      return structure.cc_mailbox();
    case SortKey::from:
      return structure.from_mailbox();
    case SortKey::to:
      return structure.to_mailbox();
    case SortKey::subject:
      return structure.base_subject();
    case SortKey::display_from:
      return structure.display_from();
    case SortKey::display_to:
      return structure.display_to();
    case SortKey::arrival:
    case SortKey::date:
    case SortKey::size:
      break;
  }
  return {};
}

bool is_number(SortKey key) {
  return key == SortKey::arrival || key == SortKey::date || key == SortKey::size;
}

}  // namespace

std::optional<SortKey> parse_sort_key(std::string_view word) {
  struct Name {
    std::string_view text;
    SortKey key;
  };
  constexpr Name names[] = {{"ARRIVAL", SortKey::arrival},
                            {"CC", SortKey::cc},
                            {"DATE", SortKey::date},
                            {"FROM", SortKey::from},
                            {"SIZE", SortKey::size},
                            {"SUBJECT", SortKey::subject},
                            {"TO", SortKey::to},
                            {"DISPLAYFROM", SortKey::display_from},
                            {"DISPLAYTO", SortKey::display_to}};
  for (const auto& name : names)
    if (equal_ignoring_case(word, name.text)) return name.key;
  return std::nullopt;
}

void Sorter::add(std::uint32_t number, std::chrono::sys_seconds internal_date, std::uint64_t size,
                 const StructureView& structure) {
  numbers_.push_back(number);
  for (const auto& criterion : criteria_) {
    Value value;
    if (criterion.key == SortKey::size) {
      value.number = static_cast<std::int64_t>(size);
    } else if (is_number(criterion.key)) {
      // RFC 5256 2.2: without a sent date the internal date stands for it.
      const auto time =
          criterion.key == SortKey::date ? structure.sent().value_or(internal_date) : internal_date;
      value.number = time.time_since_epoch().count();
    } else {
      const auto text = text_key(criterion.key, structure);
      value.number = static_cast<std::int64_t>(texts_.size());
      value.length = text.size();
      texts_ += text;
    }
    values_.push_back(value);
  }
}

std::string_view Sorter::text(const Value& value) const {
  return std::string_view(texts_).substr(static_cast<std::size_t>(value.number), value.length);
}

int Sorter::compare(std::size_t a, std::size_t b) const {
  for (std::size_t i = 0; i < criteria_.size(); ++i) {
    const auto& left = values_[a * criteria_.size() + i];
    const auto& right = values_[b * criteria_.size() + i];
    const int order = is_number(criteria_[i].key) ? compare_values(left.number, right.number)
                                                  : compare_values(text(left), text(right));
    if (order != 0) return criteria_[i].reverse ? -order : order;
  }
  return 0;
}

std::vector<std::uint32_t> Sorter::sorted() const {
  std::vector<std::size_t> order(numbers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
  std::vector<std::uint32_t> numbers;
  numbers.reserve(order.size());
  for (const auto index : order) numbers.push_back(numbers_[index]);
  return numbers;
}

}  // namespace tubepost::imap
