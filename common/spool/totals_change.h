// What a transaction changes of the totals. Internal to this library.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "spool/schema.h"
#include "spool/totals.h"

namespace tubepost::spool {

struct TotalsChange {
  std::int64_t messages = 0, bytes = 0;
  std::array<std::int64_t, states> recipients{};
  std::map<std::string, std::int64_t> parked;  // by lane
  std::uint64_t came = 0, went = 0;

  void add(State state, std::int64_t count = 1) { recipients[static_cast<std::size_t>(state)] += count; }
  void apply(lmdb::WriteTransaction& write, const Tables& tables) const;  // writes only what changed
};

Totals read_totals(const lmdb::ReadTransaction& read, const Tables& tables);
// All counted anew, by looking at everything: after an upgrade, and for check().
Totals count_totals(const lmdb::ReadTransaction& read, const Tables& tables);
void write_totals(lmdb::WriteTransaction& write, const Tables& tables, const Totals& totals);

// How many are parked in each lane: as kept, as counted anew, and put in place of what was kept.
using LaneCounts = std::map<std::string, std::uint64_t>;
LaneCounts read_lane_counts(const lmdb::ReadTransaction& read, const Tables& tables);
LaneCounts count_lanes(const lmdb::ReadTransaction& read, const Tables& tables);
void write_lane_counts(lmdb::WriteTransaction& write, const Tables& tables, const LaneCounts& counts);

}  // namespace tubepost::spool
