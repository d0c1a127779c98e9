// How much somebody has done in the last hour, for limits per address, network, account and recipient.
//
// A table of fixed size: each key has its place among the eight of its row, and a row that is full loses what
// was used longest ago. So the memory is what it is whatever strangers do, and somebody who is counted can be
// forgotten only under a flood of others. The hour slides: what was done in the hour before counts in
// proportion to how much of it lies within the last sixty minutes.
//
// The table lies in memory that forked workers share: made before the fork, it counts for all of them. A worker
// that dies while it counts leaves at worst one count a little wrong. Threading: any thread of any of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace tubepost::policy {

class RateLimits {
public:
  // 40 bytes an entry: 2.5 MiB by default, of which only what is used takes memory.
  explicit RateLimits(const Clock& clock, std::size_t entries = 65'536,
                      std::chrono::seconds window = std::chrono::hours(1));
  ~RateLimits();
  RateLimits(const RateLimits&) = delete;
  RateLimits& operator=(const RateLimits&) = delete;

  enum class Answer {
    within,
    exceeded_now,  // the first refusal of this key in this window: to be reported
    exceeded
  };
  // `kind` keeps counts of one key apart: "account-messages", "address-recipients", … If `by` more would be
  // over `limit`, nothing is added. A limit of 0 is none.
  Answer take(std::string_view kind, std::string_view key, std::uint32_t by, std::uint32_t limit);
  std::uint32_t count(std::string_view kind, std::string_view key) const;  // as of now, rounded down

private:
  static constexpr std::size_t ways = 8;
  struct Entry {
    std::uint64_t hash = 0;   // 0: empty
    std::int64_t window = 0;  // the number of the window that `now` counts
    std::uint32_t now = 0, before = 0;
    bool reported = false;
    std::uint64_t used = 0;  // when last, by the table's own count
  };
  using Row = std::array<Entry, ways>;

  std::uint64_t hash_of(std::string_view kind, std::string_view key) const;
  Row& row_of(std::uint64_t hash) const;
  Entry& place_for(std::uint64_t hash);
  void turn(Entry& entry, std::int64_t window) const;
  double sum(const Entry& entry) const;
  std::int64_t window_number() const;

  const Clock& clock_;
  const std::chrono::milliseconds window_;
  const std::array<std::uint64_t, 2> secret_;  // so that nobody can aim at a row
  struct Shared;
  const std::size_t rows_, bytes_;
  Shared* const shared_;  // an anonymous shared mapping, with the rows behind it
};

}  // namespace tubepost::policy
