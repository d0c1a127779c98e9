// The rule of greylisting (S5, RFC 6647), pure: who is not known is told to come back; who comes back within the right
// time is let through, and from then on at once. Times are wall-clock; a clock that was set back counts as one
// that stands still.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace tubepost::config {
class Settings;
}

namespace tubepost::greylist {

enum class KeyKind { exact, net, domain };

struct Parameters {
  std::chrono::seconds block{3600};        // how long a first attempt is held off; 0: not at all
  std::chrono::seconds pending{4 * 3600};  // how long we remember one that has not come back
  std::chrono::seconds pass{36 * 86400};   // how long, from the last use, we remember one that has
  KeyKind key = KeyKind::exact;
  int reply_code = 451;            // or 452
  std::uint32_t exempt_after = 0;  // a client that came back so many times is not asked again; 0: never
  std::uint64_t records_max = 5'000'000;

  // A block that is not shorter than the pending life could never be passed: a permanent Failure (exit 78).
  static Result<Parameters> of(const config::Settings& settings);
};

// What is known of one (client, sender, recipient), or of one client.
struct Entry {
  Timestamp first{}, last{};        // seen
  std::optional<Timestamp> passed;  // when it first came back in time; nullopt: pending
  std::uint32_t count = 0;  // of one triplet: attempts until it passed; of a client: triplets that passed
  friend bool operator==(const Entry&, const Entry&) = default;
};

bool is_expired(const Entry& entry, Timestamp now, const Parameters& parameters);

enum class Outcome {
  first,      // held off: never seen, or forgotten since
  early,      // held off: back before the block was over
  came_back,  // let through: back in time
  known,      // let through: has passed before, or nothing is blocked (block is 0)
  exempt      // let through: its client has passed often enough
};
constexpr bool is_delayed(Outcome outcome) { return outcome == Outcome::first || outcome == Outcome::early; }

struct Step {
  Outcome outcome;
  Entry entry;                   // what is to be remembered
  bool changed = true;           // false: as it was, nothing to write
  std::chrono::seconds wait{0};  // delayed: until the block is over; came back: how long it took
};
// `stored`: what is remembered, expired or not.
Step decide(const std::optional<Entry>& stored, Timestamp now, const Parameters& parameters);

// The last use is remembered to within this, so that a busy correspondent does not cost a write a message.
std::chrono::seconds use_granularity(const Parameters& parameters);

}  // namespace tubepost::greylist
