// The outcomes of recipients, each made in one place: a pure function of the job, what was answered, the time
// and the policy.
#pragma once

#include "config/settings.h"
#include "qrun/destinations.h"
#include "qrun/job.h"
#include "qrun/routing.h"
#include "spool/retry_schedule.h"
#include "spool/spool.h"

namespace tubepost::qrun {

struct Policy {
  spool::RetryPolicy retry;
  bool outgoing = true;  // qrun.outgoing (L9)
  Milliseconds job_timeout{}, sweep{}, journal_keep{};
  Milliseconds delay_notice{0};              // 0: never
  std::chrono::seconds secondary_expire{0};  // of mail we keep as a secondary (O10); 0: as all other mail
  Milliseconds suppress{0};                  // how long an address that bounced hard is remembered; 0: not
  bool by_smarthost = false;                 // mail without a route of its own goes to the smarthosts, always
  std::size_t connections = 2, destination_connections = 20;

  spool::RetryPolicy retry_of(bool secondary) const {
    return {retry.steps, secondary && secondary_expire > retry.expire ? secondary_expire : retry.expire};
  }
  // A worker that sends waits for the peer as long as RFC 5321 4.5.3.2 says, and tells of each phase.
  Milliseconds silence() const { return std::max(job_timeout, Milliseconds(30 * 60'000)); }
  Destinations::Limits limits() const;
};
Policy make_policy(const config::Settings& settings);

// Three deaths while alone are enough (design.md 2, poison).
inline constexpr std::uint32_t crashes_max = 3;

// When the decisions of one moment are made.
struct Moment {
  Timestamp now;
  bool may_expire = true;  // false for a round after a jump of the clock
};

spool::Outcome of_answer(const Job& job, const Answer& answer, const Moment& moment, const Policy& policy);
// The outcome of a decision that needs no worker; nullopt: it needs one.
std::optional<spool::Outcome> of_decision(const spool::Claim& claim, const Decision& decision,
                                          const Moment& moment, const Policy& policy);
// The worker died of it while it ran alone, or was silent for too long.
spool::Outcome of_crash(const spool::Claim& claim, const std::string& how, const Moment& moment,
                        const Policy& policy);
// ---- of mail for other servers

spool::Outcome of_verdict(const spool::Claim& claim, const relay::Verdict& verdict,
                          const relay::Answer& answer, const Parcel& parcel, const Moment& moment,
                          const Policy& policy);
// It waits for its destination, and is looked at again when the sender is to be told of a delay, or it expires.
spool::Outcome parked(const spool::Claim& claim, const std::string& lane, const std::string& why,
                      const Moment& moment, const Policy& policy, bool secondary);
// The end of one that may not be tried (further): DELIVERY by its deadline was wanted, it is suppressed, or the
// attempt at its destination that failed at `failed_at` was begun after it expired. nullopt: it may.
std::optional<spool::Outcome> barred(const spool::Claim& claim, std::optional<Timestamp> failed_at,
                                     const std::string& why, const Moment& moment, const Policy& policy,
                                     bool secondary);
spool::Outcome lost_at_final_dot(const spool::Claim& claim, const std::string& how, const Moment& moment,
                                 const Policy& policy);
bool is_last_try(const spool::Claim& claim, const Moment& moment, const Policy& policy, bool secondary);

// Nothing is known and nobody is to blame: the claim is given back and not counted.
spool::Outcome given_back(const spool::Claim& claim, const std::string& why, Timestamp next);

// For logs: "delivered", "deferred", …
std::string_view to_text(spool::Outcome::Kind kind);

}  // namespace tubepost::qrun
