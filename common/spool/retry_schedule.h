// When a recipient is tried again (spec O7): a pure function of when its message was accepted, how often it
// was tried, and the policy. The times of all attempts form one series, fixed at acceptance; its jitter comes
// from the spool id, so that a thousand messages deferred together do not come back together, and anyone can
// compute the series again. Threading: pure functions of values.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "spool/envelope.h"

namespace tubepost::spool {

struct RetryPolicy {
  std::vector<std::chrono::seconds>
      steps;                    // between attempts; the last is repeated. Never empty, each at least 1 s
  std::chrono::seconds expire;  // after acceptance; decided only by the result of a later attempt
};

// The time of attempt number `attempts` + 1 in the series of a message accepted at `accepted`; each step is
// stretched or shrunk by up to a tenth. attempts = 0 is `accepted` itself.
Timestamp planned_attempt(const SpoolId& id, Timestamp accepted, unsigned attempts,
                          const RetryPolicy& policy);

// What to do after attempt number `attempts` failed at `now`: the next time of the series that is still to
// come. After an outage of ours the times missed are not made up for in a burst; the next to come is used.
Timestamp next_attempt(const SpoolId& id, Timestamp accepted, unsigned attempts, Timestamp now,
                       const RetryPolicy& policy);

// Whether an attempt begun at `begun` was the last one this message gets (RFC 5321 4.5.4.1). An attempt that
// began before the deadline never is, however long it took.
bool is_last_attempt(Timestamp accepted, Timestamp begun, const RetryPolicy& policy);

// What senders have a say in (RFC 2852 4.1.3, DELIVERBY). By-mode R: when the message goes back, and no attempt is made any
// more; nullopt: no such time was set.
std::optional<Timestamp> deadline_of(const Envelope& envelope);
// When its sender is to be told that it takes longer: after `delay_notice` (zero: never), or, by-mode N, when the time is up.
std::optional<Timestamp> notice_time(const Envelope& envelope, Milliseconds delay_notice);
// next_attempt(), or the deadline if that comes before.
Timestamp next_attempt(const SpoolId& id, const Envelope& envelope, unsigned attempts, Timestamp now,
                       const RetryPolicy& policy);

}  // namespace tubepost::spool
