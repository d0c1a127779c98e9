// How much is in the queue, kept up to date by every change (schema.h, "totals"), so that a million messages are
// counted by one look-up. Internal to this library but for the value.
#pragma once

#include <array>
#include <cstdint>

#include "spool/envelope.h"

namespace tubepost::spool {

struct Totals {
  std::uint64_t messages = 0, bytes = 0;
  std::array<std::uint64_t, states> recipients{};  // by state
  // Recipients that ever came into this queue and left it: the difference of two looks is how fast it goes.
  std::uint64_t came = 0, went = 0;

  std::uint64_t of(State state) const { return recipients[static_cast<std::size_t>(state)]; }
  std::uint64_t all() const {
    std::uint64_t sum = 0;
    for (const auto count : recipients) sum += count;
    return sum;
  }
  bool counts_the_same(const Totals& other) const {  // of what is here
    return messages == other.messages && bytes == other.bytes && recipients == other.recipients;
  }
};

}  // namespace tubepost::spool
