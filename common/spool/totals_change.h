// What a transaction changes of the totals. Internal to this library.
#pragma once

#include <array>
#include <cstdint>

#include "spool/schema.h"
#include "spool/totals.h"

namespace tubepost::spool {

struct TotalsChange {
  std::int64_t messages = 0, bytes = 0;
  std::array<std::int64_t, states> recipients{};

  void add(State state, std::int64_t count = 1) { recipients[static_cast<std::size_t>(state)] += count; }
  void apply(lmdb::WriteTransaction& write, const Tables& tables) const;  // writes only what changed
};

Totals read_totals(const lmdb::ReadTransaction& read, const Tables& tables);
// All counted anew, by looking at everything: after an upgrade, and for check().
Totals count_totals(const lmdb::ReadTransaction& read, const Tables& tables);
void write_totals(lmdb::WriteTransaction& write, const Tables& tables, const Totals& totals);

}  // namespace tubepost::spool
