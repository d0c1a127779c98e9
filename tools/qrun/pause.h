// How long a kind of worker that fails is left alone: a second, doubled with each failure in a row, at most a minute.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace tubepost::qrun {

inline constexpr Milliseconds first_pause{1'000}, longest_pause{60'000};

inline Milliseconds pause_after(unsigned failures) {
  return std::min(longest_pause, first_pause * (1 << std::min(failures, 6U)));
}

}  // namespace tubepost::qrun
