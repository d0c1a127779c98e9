#include "qrun/verdicts.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::qrun {
namespace {

using spool::Claim;
using spool::Outcome;
using Kind = Outcome::Kind;

Outcome outcome(const Claim& claim, Kind kind, EnhancedStatus status, std::string text) {
  Outcome made;
  made.kind = kind;
  made.id = claim.id;
  made.recipient = claim.recipient.number;
  made.status = status;
  made.text = std::move(text);
  return made;
}

// RFC 3463 3.5: 5.4.7 is "delivery time expired". What was said last stays in the text.
Outcome expired(const Claim& claim, const std::string& last, const Policy& policy) {
  return outcome(claim, Kind::failed, {5, 4, 7},
                 "could not be delivered in " + format_duration(policy.retry.expire) + "; last: " + last);
}

// Claims are counted when they are made, so `attempts` has this one in it.
Timestamp next_time(const Claim& claim, Timestamp now, const Policy& policy) {
  return spool::next_attempt(claim.id, claim.envelope->accepted, claim.recipient.attempts, now, policy.retry);
}

bool is_over(const Claim& claim, Timestamp begun, const Moment& moment, const Policy& policy) {
  return moment.may_expire && spool::is_last_attempt(claim.envelope->accepted, begun, policy.retry);
}

// What is learned about a claim's recipient: when its attempt began.
struct Attempt {
  const Claim& claim;
  Timestamp begun;
};

Outcome try_again(const Attempt& attempt, EnhancedStatus status, const std::string& text,
                  const Moment& moment, const Policy& policy) {
  if (is_over(attempt.claim, attempt.begun, moment, policy)) return expired(attempt.claim, text, policy);
  Outcome made = outcome(attempt.claim, Kind::deferred, status, text);
  made.next = next_time(attempt.claim, moment.now, policy);
  return made;
}

// No outgoing service exists yet, so looking again soon is of no use; but not later than the moment it
// expires, for the sender is to be told then. RFC 3463 3.5: 4.4.0 is "other network or routing status".
Outcome wait_for_outgoing(const Claim& claim, const Moment& moment, const Policy& policy) {
  const std::string why = policy.outgoing ? "no outgoing service yet: nothing sends outward"
                                          : "the outgoing service is off (qrun.outgoing=off)";
  if (is_over(claim, moment.now, moment, policy)) return expired(claim, why, policy);
  Outcome made = outcome(claim, Kind::postponed, {4, 4, 0}, why);
  const Timestamp far = moment.now + Milliseconds(policy.retry.steps.back());
  const Timestamp deadline = claim.envelope->accepted + policy.retry.expire;
  made.next = deadline > moment.now ? std::min(far, deadline) : far;
  return made;
}

Outcome expanded(const Claim& claim, const ExpandTo& to) {
  Outcome made =
      outcome(claim, Kind::expanded, {2, 1, 5}, "expanded to " + std::to_string(to.addresses.size()));
  const spool::Recipient& from = claim.recipient;
  for (const std::string& address : to.addresses)
    made.leaves.push_back(
        {address, from.original.empty() ? from.address : from.original, from.orcpt, from.notify});
  return made;
}

}  // namespace

Policy make_policy(const config::Settings& settings) {
  Policy policy;
  policy.retry = {settings.durations("qrun.retry"), settings.duration("qrun.expire")};
  policy.outgoing = settings.flag("qrun.outgoing");
  policy.job_timeout = settings.duration("qrun.job-timeout");
  policy.sweep = settings.duration("qrun.sweep");
  policy.journal_keep = settings.duration("qrun.journal-keep");
  return policy;
}

Outcome of_answer(const Job& job, const Answer& answer, const Moment& moment, const Policy& policy) {
  switch (answer.status) {
    case Answer::Status::delivered:
      return outcome(job.claim, Kind::delivered, answer.code, answer.text);
    case Answer::Status::failed:
      return outcome(job.claim, Kind::failed, answer.code, answer.text);
    case Answer::Status::deferred:
      break;
  }
  return try_again({job.claim, job.begun}, answer.code, answer.text, moment, policy);
}

std::optional<Outcome> of_decision(const Claim& claim, const Decision& decision, const Moment& moment,
                                   const Policy& policy) {
  if (std::holds_alternative<DeliverTo>(decision)) return std::nullopt;
  if (const auto* to = std::get_if<ExpandTo>(&decision)) return expanded(claim, *to);
  if (std::holds_alternative<Discard>(decision))
    return outcome(claim, Kind::discarded, {2, 0, 0}, "discarded by a route");
  if (const auto* hold = std::get_if<HoldBack>(&decision))
    return outcome(claim, Kind::held, {4, 7, 1}, hold->text);
  if (const auto* refuse = std::get_if<Refuse>(&decision))
    return outcome(claim, Kind::failed, refuse->status, refuse->text);
  if (const auto* later = std::get_if<AskLater>(&decision))
    return try_again({claim, moment.now}, {4, 3, 0}, later->failure.text, moment, policy);
  return wait_for_outgoing(claim, moment, policy);
}

Outcome of_crash(const Job& job, const std::string& how, const Moment& moment, const Policy& policy) {
  const std::uint32_t crashes = job.claim.recipient.crashes + 1;
  const std::string text =
      "its delivery " + how + " (" + std::to_string(crashes) + " of " + std::to_string(crashes_max) + ")";
  Outcome made = outcome(job.claim, crashes >= crashes_max ? Kind::held : Kind::unknown, {4, 3, 0}, text);
  made.crashed = true;
  made.next = next_time(job.claim, moment.now, policy);
  return made;
}

Outcome given_back(const Job& job, const std::string& why, Timestamp next) {
  Outcome made = outcome(job.claim, Kind::unknown, {4, 3, 0}, why);
  made.next = next;
  return made;
}

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::delivered:
      return "delivered";
    case Kind::deferred:
      return "deferred";
    case Kind::postponed:
      return "postponed";
    case Kind::failed:
      return "failed";
    case Kind::expanded:
      return "expanded";
    case Kind::discarded:
      return "discarded";
    case Kind::held:
      return "held";
    case Kind::unknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace tubepost::qrun
