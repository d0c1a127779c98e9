// Deadlines and poll(2), as the streams need them.
#pragma once

#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <span>

namespace tubepost::net {

// What a call may still take. A limit of zero is none.
class Deadline {
public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(std::chrono::milliseconds limit) : none_(limit.count() <= 0) {
    // max() is a way to say "for ever"; added to now it would overflow.
    if (!none_)
      end_ = Clock::now() + std::min<std::chrono::milliseconds>(limit, std::chrono::hours(24 * 365));
  }
  bool passed() const { return !none_ && Clock::now() >= end_; }
  // For poll(): -1 without a limit; rounded up, so that waiting it out has passed the deadline.
  int poll_milliseconds() const {
    if (none_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
  }

private:
  bool none_;
  Clock::time_point end_{};
};

// poll(2) again after EINTR; how many are ready, 0 when `milliseconds` passed.
int poll_until(std::span<pollfd> fds, int milliseconds);

// For SO_RCVTIMEO and SO_SNDTIMEO.
timeval to_timeval(std::chrono::milliseconds limit);

}  // namespace tubepost::net
