#include "greylist/statistics.h"

#include <algorithm>
#include <numeric>

#include "lmdb/environment.h"

namespace tubepost::greylist {

std::string_view name_of(Count count) {
  constexpr std::string_view names[] = {"requests",   "not-ours",  "first",       "early",
                                        "came-back",  "known",     "exempt",      "never",
                                        "only-early", "forgotten", "beyond-limit"};
  static_assert(std::size(names) == counts);
  return names[static_cast<std::size_t>(count)];
}

void Statistics::add_return(std::chrono::seconds after) {
  const auto found = std::lower_bound(class_ends.begin(), class_ends.end(), after.count());
  ++returns_[static_cast<std::size_t>(found - class_ends.begin())];
}

void Statistics::add(const Statistics& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  for (std::size_t i = 0; i < returns_.size(); ++i) returns_[i] += other.returns_[i];
}

bool Statistics::empty() const {
  return std::all_of(counts_.begin(), counts_.end(), [](std::uint64_t count) { return count == 0; });
}

std::uint32_t Statistics::returned_within(double part) const {
  const auto all = std::accumulate(returns_.begin(), returns_.end(), std::uint64_t{0});
  if (all == 0) return 0;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < class_ends.size(); ++i) {
    so_far += returns_[i];
    if (static_cast<double>(so_far) >= part * static_cast<double>(all)) return class_ends[i];
  }
  return 0;
}

std::string Statistics::encode() const {
  std::string bytes;
  for (const auto count : counts_) lmdb::append_u64(bytes, count);
  for (const auto count : returns_) lmdb::append_u64(bytes, count);
  return bytes;
}

Statistics Statistics::decode(std::string_view bytes) {
  Statistics statistics;
  const auto take = [&](std::uint64_t& into) {
    if (bytes.size() < 8) return;
    into = lmdb::read_u64(bytes);
    bytes.remove_prefix(8);
  };
  std::for_each(statistics.counts_.begin(), statistics.counts_.end(), take);
  std::for_each(statistics.returns_.begin(), statistics.returns_.end(), take);
  return statistics;
}

Count count_of_expired(const Entry& entry) {
  if (entry.passed) return Count::forgotten;
  return entry.count > 1 ? Count::only_early : Count::never;
}

}  // namespace tubepost::greylist
