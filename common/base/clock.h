// Time as the programs see it, so that tests can bring their own (testing.md: no fake time on a command line).
// Timestamp is wall-clock UTC in milliseconds; boot time does not jump when the wall clock is set.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  virtual Milliseconds since_boot() const = 0;  // CLOCK_BOOTTIME
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  Milliseconds since_boot() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp(Milliseconds(1'700'000'000'000))) : now_(start) {}
  Timestamp now() const override { return now_; }
  Milliseconds since_boot() const override { return boot_; }
  void advance(Milliseconds by) { now_ += by, boot_ += by; }
  void set_wall(Timestamp now) { now_ = now; }  // the wall clock jumps, boot time does not

 private:
  Timestamp now_;
  Milliseconds boot_{0};
};

std::string to_rfc3339(Timestamp time);  // "2026-11-21T02:08:17.123Z"
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace tubepost
