#pragma once

#include "base/clock.h"

namespace tubepost::qrun {

// Real time, moved by what a test asks for: pacing and waiting go on, days pass at once.
class MovedClock final : public Clock {
public:
  Timestamp now() const override { return system_.now() + moved_; }
  Milliseconds since_boot() const override { return system_.since_boot() + moved_; }
  void move(Milliseconds by) { moved_ += by; }

private:
  SystemClock system_;
  Milliseconds moved_{0};
};

}  // namespace tubepost::qrun
