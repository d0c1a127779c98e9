// Notices when the wall clock is set by hand or by a time server: it then parts from the boot clock, which
// never jumps. Expiry waits for one more full round after that (design.md 2, time), so that a wrong clock
// returns nobody's mail. Threading: one thread.
#pragma once

#include <optional>

#include "base/clock.h"

namespace tubepost::qrun {

class ClockWatch {
public:
  static constexpr Milliseconds tolerated{60'000};  // slewing and the time between two readings

  explicit ClockWatch(const Clock& clock) : clock_(clock), offset_(offset()) {}

  // How far the wall clock jumped since the last look, nullopt if it did not.
  std::optional<Milliseconds> look() {
    const Milliseconds before = offset_;
    offset_ = offset();
    const Milliseconds jump = offset_ - before;
    if (jump < tolerated && jump > -tolerated) return std::nullopt;
    jumped_at_ = clock_.since_boot();
    return jump;
  }
  // `round`: the longest time between two attempts.
  bool may_expire(Milliseconds round) const {
    return !jumped_at_ || clock_.since_boot() >= *jumped_at_ + round;
  }

private:
  Milliseconds offset() const { return clock_.now().time_since_epoch() - clock_.since_boot(); }

  const Clock& clock_;
  Milliseconds offset_;
  std::optional<Milliseconds> jumped_at_;
};

}  // namespace tubepost::qrun
