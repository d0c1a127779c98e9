#include "mailstore/uid_set.h"

#include <algorithm>

namespace tubepost::mailstore {
namespace {

// The first range that ends at or after `uid`.
std::vector<UidRange>::const_iterator reaching(const std::vector<UidRange>& ranges, Uid uid) {
  return std::lower_bound(ranges.begin(), ranges.end(), uid,
                          [](const UidRange& range, Uid value) { return range.last < value; });
}

}  // namespace

UidSet UidSet::of(const std::vector<Uid>& uids) {
  UidSet set;
  for (const Uid uid : uids) set.add(uid);
  return set;
}

std::uint64_t UidSet::size() const {
  std::uint64_t count = 0;
  for (const auto& range : ranges_) count += range.count();
  return count;
}

bool UidSet::contains(Uid uid) const {
  const auto found = reaching(ranges_, uid);
  return found != ranges_.end() && found->first <= uid;
}

void UidSet::add(UidRange range) {
  if (range.first > range.last) return;
  const bool at_end = ranges_.empty() || (ranges_.back().last < range.first);
  if (at_end && !ranges_.empty() && ranges_.back().last + 1 == range.first) {
    ranges_.back().last = range.last;
    return;
  }
  if (at_end) return ranges_.push_back(range);
  // All ranges that touch the new one, or stand beside it, become one.
  const Uid before = range.first == 0 ? 0 : range.first - 1;
  const auto from = ranges_.begin() + (reaching(ranges_, before) - ranges_.begin());
  auto to = from;
  for (; to != ranges_.end() && (range.last == uid_max || to->first <= range.last + 1); ++to) {
    range.first = std::min(range.first, to->first);
    range.last = std::max(range.last, to->last);
  }
  if (from == to) {
    ranges_.insert(from, range);
    return;
  }
  *from = range;
  ranges_.erase(from + 1, to);
}

void UidSet::add(const UidSet& other) {
  if (other.ranges_.size() <= 4) {
    for (const auto& range : other.ranges_) add(range);
    return;
  }
  std::vector<UidRange> sorted;
  sorted.reserve(ranges_.size() + other.ranges_.size());
  std::merge(ranges_.begin(), ranges_.end(), other.ranges_.begin(), other.ranges_.end(),
             std::back_inserter(sorted),
             [](const UidRange& a, const UidRange& b) { return a.first < b.first; });
  UidSet joined;
  for (const auto& range : sorted) joined.add(range);
  *this = std::move(joined);
}

void UidSet::remove(const UidSet& other) {
  if (!other.empty() && !empty()) *this = without(other);
}

UidSet UidSet::intersection(const UidSet& other) const {
  UidSet both;
  auto a = ranges_.begin();
  auto b = other.ranges_.begin();
  while (a != ranges_.end() && b != other.ranges_.end()) {
    const UidRange common{std::max(a->first, b->first), std::min(a->last, b->last)};
    if (common.first <= common.last) both.ranges_.push_back(common);
    if (a->last < b->last)
      ++a;
    else
      ++b;
  }
  return both;
}

UidSet UidSet::without(const UidSet& other) const {
  UidSet left;
  auto hole = other.ranges_.begin();
  for (UidRange range : ranges_) {
    while (hole != other.ranges_.end() && hole->last < range.first) ++hole;
    bool is_used_up = false;
    for (auto cut = hole; !is_used_up && cut != other.ranges_.end() && cut->first <= range.last; ++cut) {
      if (cut->first > range.first) left.ranges_.push_back({range.first, cut->first - 1});
      is_used_up = cut->last >= range.last;
      if (!is_used_up) range.first = cut->last + 1, hole = cut;
    }
    if (!is_used_up) left.ranges_.push_back(range);
  }
  return left;
}

UidSet UidSet::from(Uid first) const {
  UidSet rest;
  rest.ranges_.assign(reaching(ranges_, first), ranges_.end());
  if (!rest.empty()) rest.ranges_.front().first = std::max(rest.ranges_.front().first, first);
  return rest;
}

std::optional<std::uint32_t> UidSet::sequence_of(Uid uid) const {
  return SequenceWalk(*this).sequence_of(uid);
}

std::optional<Uid> UidSet::uid_at(std::uint32_t sequence) const {
  if (sequence == 0) return std::nullopt;
  std::uint64_t left = sequence - 1;
  for (const auto& range : ranges_) {
    if (left < range.count()) return static_cast<Uid>(range.first + left);
    left -= range.count();
  }
  return std::nullopt;
}

UidSet UidSet::at(const UidSet& sequences) const {
  UidSet found;
  std::uint64_t before = 0;  // sequence numbers up to here are behind us
  auto wanted = sequences.ranges_.begin();
  for (const auto& range : ranges_) {
    const std::uint64_t low = before + 1, high = before + range.count();
    while (wanted != sequences.ranges_.end() && wanted->last < low) ++wanted;
    for (auto part = wanted; part != sequences.ranges_.end() && part->first <= high; ++part) {
      const auto first = std::max<std::uint64_t>(part->first, low),
                 last = std::min<std::uint64_t>(part->last, high);
      found.add(UidRange{static_cast<Uid>(range.first + (first - low)),
                         static_cast<Uid>(range.first + (last - low))});
    }
    before = high;
  }
  return found;
}

UidSet UidSet::sequences_of(const UidSet& uids) const {
  UidSet found;
  std::uint64_t before = 0;
  auto wanted = uids.ranges_.begin();
  for (const auto& range : ranges_) {
    while (wanted != uids.ranges_.end() && wanted->last < range.first) ++wanted;
    for (auto part = wanted; part != uids.ranges_.end() && part->first <= range.last; ++part) {
      const Uid first = std::max(part->first, range.first), last = std::min(part->last, range.last);
      found.add(UidRange{static_cast<Uid>(before + 1 + (first - range.first)),
                         static_cast<Uid>(before + 1 + (last - range.first))});
    }
    before += range.count();
  }
  return found;
}

std::optional<std::uint32_t> SequenceWalk::sequence_of(Uid uid) {
  for (; at_ < ranges_.size() && ranges_[at_].last < uid; ++at_)
    before_ += static_cast<std::uint32_t>(ranges_[at_].count());
  if (at_ == ranges_.size() || uid < ranges_[at_].first) return std::nullopt;
  return before_ + (uid - ranges_[at_].first) + 1;
}

}  // namespace tubepost::mailstore
