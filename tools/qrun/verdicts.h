// The outcomes of recipients, each made in one place: a pure function of the job, what was answered, the time
// and the policy.
#pragma once

#include "config/settings.h"
#include "qrun/job.h"
#include "qrun/routing.h"
#include "spool/retry_schedule.h"
#include "spool/spool.h"

namespace tubepost::qrun {

struct Policy {
  spool::RetryPolicy retry;
  bool outgoing = true;  // qrun.outgoing (L9)
  Milliseconds job_timeout{}, sweep{}, journal_keep{};
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
spool::Outcome of_crash(const Job& job, const std::string& how, const Moment& moment, const Policy& policy);
// Nothing is known and nobody is to blame: the claim is given back and not counted.
spool::Outcome given_back(const Job& job, const std::string& why, Timestamp next);

// For logs: "delivered", "deferred", …
std::string_view to_text(spool::Outcome::Kind kind);

}  // namespace tubepost::qrun
