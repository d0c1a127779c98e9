#include "spool/retry_schedule.h"

#include <algorithm>
#include <string>

#include "base/crc32c.h"

namespace tubepost::spool {
namespace {

// A series is walked step by step; beyond this many steps it goes on without jitter, so that no input makes
// it long.
constexpr unsigned jittered_steps = 10'000;
constexpr int jitter_percent = 10;

Milliseconds plain_step(unsigned index, const RetryPolicy& policy) {
  return policy.steps[std::min<std::size_t>(index, policy.steps.size() - 1)];
}

// The checksum of id and index spreads evenly over 2^32; a tenth down to a tenth up, without floating point.
Milliseconds jittered_step(const SpoolId& id, unsigned index, const RetryPolicy& policy) {
  const Milliseconds plain = plain_step(index, policy);
  const std::uint64_t spread = crc32c(std::to_string(index), crc32c(id.bytes()));
  const auto part =
      static_cast<std::int64_t>(spread * (2 * jitter_percent) >> 22);  // 0 .. 20 percent, in 1/1024 percent
  return plain - plain * jitter_percent / 100 + plain * part / (100 * 1024);
}

}  // namespace

Timestamp planned_attempt(const SpoolId& id, Timestamp accepted, unsigned attempts,
                          const RetryPolicy& policy) {
  Timestamp time = accepted;
  const unsigned walked = std::min(attempts, jittered_steps);
  for (unsigned index = 0; index < walked; ++index) time += jittered_step(id, index, policy);
  return time + (attempts - walked) * plain_step(attempts, policy);
}

Timestamp next_attempt(const SpoolId& id, Timestamp accepted, unsigned attempts, Timestamp now,
                       const RetryPolicy& policy) {
  Timestamp time = planned_attempt(id, accepted, attempts, policy);
  for (unsigned index = attempts; time <= now && index < jittered_steps; ++index)
    time += jittered_step(id, index, policy);
  // Only after years of outage, or when the clock was far behind at acceptance.
  return time > now ? time : now + plain_step(attempts, policy);
}

bool is_last_attempt(Timestamp accepted, Timestamp begun, const RetryPolicy& policy) {
  return begun >= accepted + policy.expire;
}

std::optional<Timestamp> deadline_of(const Envelope& envelope) {
  const auto& by = envelope.deliver_by;
  if (!by || by->mode != DeliverByMode::give_back) return std::nullopt;
  return by->deadline;
}

std::optional<Timestamp> notice_time(const Envelope& envelope, Milliseconds delay_notice) {
  std::optional<Timestamp> at;
  if (delay_notice > Milliseconds(0)) at = envelope.released() + delay_notice;
  if (const auto& by = envelope.deliver_by; by && by->mode == DeliverByMode::notify)
    at = at ? std::min(*at, by->deadline) : by->deadline;
  return at;
}

Timestamp next_attempt(const SpoolId& id, const Envelope& envelope, unsigned attempts, Timestamp now,
                       const RetryPolicy& policy) {
  const Timestamp next = next_attempt(id, envelope.released(), attempts, now, policy);
  const auto deadline = deadline_of(envelope);
  return deadline && *deadline > now ? std::min(next, *deadline) : next;
}

}  // namespace tubepost::spool
