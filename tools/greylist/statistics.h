// What greylisting did: how much it delayed, what came back after how long, what never did. Counted in memory,
// added to the database with each commit; sums over all processes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "greylist/decision.h"

namespace tubepost::greylist {

enum class Count : std::size_t {
  requests,      // all of them
  not_ours,      // no recipient, an authenticated client, …: answered dunno
  first,         // held off for the first time
  early,         // held off again
  came_back,     // let through after a delay
  known,         // let through at once
  exempt,        // let through because of their client
  never,         // pending records that expired after a single attempt
  only_early,    // pending records that expired after several, all of them too early
  forgotten,     // passed records that expired
  beyond_limit,  // let through because there are too many records
  how_many
};
inline constexpr std::size_t counts = static_cast<std::size_t>(Count::how_many);
std::string_view name_of(Count count);  // "came-back"

// Upper ends, in seconds, of the classes of "after how long"; a last class has all above.
inline constexpr std::array<std::uint32_t, 16> class_ends = {
    60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 4500, 5400, 7200, 10800, 14400, 43200, 86400};

class Statistics {
public:
  void add(Count count, std::uint64_t by = 1) { counts_[static_cast<std::size_t>(count)] += by; }
  void add_return(std::chrono::seconds after);
  void add(const Statistics& other);
  bool empty() const;
  std::uint64_t operator[](Count count) const { return counts_[static_cast<std::size_t>(count)]; }
  std::span<const std::uint64_t> returns() const { return returns_; }  // by class
  // The end of the class below which `part` (0 to 1) of all returns were; 0 where there are none, or it is the
  // last class.
  std::uint32_t returned_within(double part) const;

  std::string encode() const;                        // numbers, in the order above, each 8 bytes big-endian
  static Statistics decode(std::string_view bytes);  // shorter or longer: as far as it goes

private:
  std::array<std::uint64_t, counts> counts_{};
  std::array<std::uint64_t, class_ends.size() + 1> returns_{};
};

// What the end of an expired record means.
Count count_of_expired(const Entry& entry);

}  // namespace tubepost::greylist
