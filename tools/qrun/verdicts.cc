#include "qrun/verdicts.h"

#include <algorithm>

#include "base/text.h"
#include "relay/said.h"

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
Outcome expired(const Claim& claim, const std::string& last, const spool::RetryPolicy& retry) {
  return outcome(claim, Kind::failed, {5, 4, 7},
                 "could not be delivered in " + format_duration(retry.expire) + "; last: " + last);
}

// Claims are counted when they are made, so `attempts` has this one in it.
Timestamp next_time(const Claim& claim, Timestamp now, const spool::RetryPolicy& retry) {
  return spool::next_attempt(claim.id, *claim.envelope, claim.recipient.attempts, now, retry);
}

// RFC 2852 4.1.3: no attempt is made any more.
std::optional<Outcome> past_deadline(const Claim& claim, const std::string& last, const Moment& moment) {
  const auto deadline = spool::deadline_of(*claim.envelope);
  if (!deadline || !moment.may_expire || moment.now < *deadline) return std::nullopt;
  return outcome(claim, Kind::failed, {5, 4, 7},
                 "the time its sender set for it is up" + (last.empty() ? "" : "; last: " + last));
}

bool is_over(const Claim& claim, Timestamp begun, const Moment& moment, const spool::RetryPolicy& retry) {
  return moment.may_expire && spool::is_last_attempt(claim.envelope->released(), begun, retry);
}

// When the sender is to be told that it takes longer; nullopt: not, or not any more.
std::optional<Timestamp> notice_time(const Claim& claim, const Policy& policy) {
  if (claim.recipient.delay_notified) return std::nullopt;
  return spool::notice_time(*claim.envelope, policy.delay_notice);
}

spool::Owed owed_delay(const Claim& claim, const Moment& moment, const Policy& policy) {
  const auto at = notice_time(claim, policy);
  return at && moment.may_expire && moment.now >= *at ? spool::Owed::delay : spool::Owed::nothing;
}

// What is learned about a claim's recipient: when its attempt began.
struct Attempt {
  const Claim& claim;
  Timestamp begun;
  bool secondary = false;
};

Outcome try_again(const Attempt& attempt, EnhancedStatus status, const std::string& text,
                  const Moment& moment, const Policy& policy) {
  const auto retry = policy.retry_of(attempt.secondary);
  if (is_over(attempt.claim, attempt.begun, moment, retry)) return expired(attempt.claim, text, retry);
  Outcome made = outcome(attempt.claim, Kind::deferred, status, text);
  made.next = next_time(attempt.claim, moment.now, retry);
  made.owed = owed_delay(attempt.claim, moment, policy);
  return made;
}

// Nothing sends: looking again soon is of no use; but not later than the moment it expires, for the sender is to
// be told then. RFC 3463 3.5: 4.4.0 is "other network or routing status".
Outcome wait_for_outgoing(const Claim& claim, const Moment& moment, const Policy& policy) {
  const std::string why = policy.outgoing ? "no outgoing service: nothing sends outward"
                                          : "the outgoing service is off (qrun.outgoing=off)";
  if (is_over(claim, moment.now, moment, policy.retry)) return expired(claim, why, policy.retry);
  Outcome made = outcome(claim, Kind::postponed, {4, 4, 0}, why);
  made.owed = owed_delay(claim, moment, policy);
  const Timestamp far = moment.now + Milliseconds(policy.retry.steps.back());
  const Timestamp deadline = claim.envelope->released() + policy.retry.expire;
  made.next = deadline > moment.now ? std::min(far, deadline) : far;
  return made;
}

// RFC 3461 5.2.7.3 (c): several leaves are told of failures and delays; that the alias worked is told by us.
std::string notify_of_leaf(const std::string& notify, std::size_t leaves) {
  if (notify.empty() || leaves < 2) return notify;
  std::vector<std::string> kept;
  for (const auto word : split(notify, ','))
    if (!equal_ignoring_case(trim(word), "SUCCESS")) kept.emplace_back(trim(word));
  return kept.empty() ? "NEVER" : join(kept, ",");
}

Outcome expanded(const Claim& claim, const ExpandTo& to) {
  Outcome made =
      outcome(claim, Kind::expanded, {2, 1, 5}, "expanded to " + std::to_string(to.addresses.size()));
  const spool::Recipient& from = claim.recipient;
  const std::string notify = notify_of_leaf(from.notify, to.addresses.size());
  if (notify != from.notify) made.owed = spool::Owed::expanded;
  for (const std::string& address : to.addresses)
    made.leaves.push_back(
        {address, from.original.empty() ? from.address : from.original, from.orcpt, notify});
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
  policy.delay_notice = settings.duration("qrun.delay-notice");
  policy.secondary_expire = settings.duration("qrun.relay-expire");
  policy.suppress = settings.duration("qrun.suppress");
  policy.by_smarthost =
      settings.text("mxsend.smarthost-mode") == "always" && !settings.list("mxsend.smarthost").empty();
  policy.connections = settings.number("qrun.outgoing-connections");
  policy.destination_connections = settings.number("qrun.destination-connections");
  return policy;
}

Destinations::Limits Policy::limits() const {
  Destinations::Limits made;
  made.connections = connections;
  made.of_one = destination_connections;
  made.back_off = retry.steps;
  return made;
}

Outcome of_answer(const Job& job, const Answer& answer, const Moment& moment, const Policy& policy) {
  switch (answer.status) {
    case Answer::Status::delivered: {
      Outcome made = outcome(job.claim, Kind::delivered, answer.code, answer.text);
      made.owed = spool::Owed::delivered;
      return made;
    }
    case Answer::Status::failed:
      return outcome(job.claim, Kind::failed, answer.code, answer.text);
    case Answer::Status::deferred:
      break;
  }
  return try_again({job.claim, job.begun}, answer.code, answer.text, moment, policy);
}

std::optional<Outcome> of_decision(const Claim& claim, const Decision& decision, const Moment& moment,
                                   const Policy& policy) {
  if (std::holds_alternative<DeliverTo>(decision))
    return past_deadline(claim, claim.recipient.reason, moment);
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

Outcome of_crash(const Claim& claim, const std::string& how, const Moment& moment, const Policy& policy) {
  const std::uint32_t crashes = claim.recipient.crashes + 1;
  const std::string text =
      "its delivery " + how + " (" + std::to_string(crashes) + " of " + std::to_string(crashes_max) + ")";
  Outcome made = outcome(claim, crashes >= crashes_max ? Kind::held : Kind::unknown, {4, 3, 0}, text);
  made.crashed = true;
  made.next = next_time(claim, moment.now, policy.retry);
  return made;
}

Outcome given_back(const Claim& claim, const std::string& why, Timestamp next) {
  Outcome made = outcome(claim, Kind::unknown, {4, 3, 0}, why);
  made.next = next;
  return made;
}

// ---- of mail for other servers

namespace {

// The address itself is wrong, and a server of its domain said so (RFC 3463 3.2: 1 no such mailbox, 6 moved away,
// 10 takes no mail).
bool is_hard(const relay::Verdict& verdict) {
  const EnhancedStatus& code = verdict.code;
  return verdict.reply >= 500 && code.status_class == 5 && code.subject == 1 &&
         (code.detail == 1 || code.detail == 6 || code.detail == 10);
}

bool asks_for_success(const spool::Recipient& recipient) {
  const auto words = split(recipient.notify, ',');
  return std::any_of(words.begin(), words.end(),
                     [](std::string_view word) { return equal_ignoring_case(trim(word), "SUCCESS"); });
}

// RFC 3461 5.2.2: success was asked for, and nobody else will tell of it. RFC 2852 4.1.4: a trace was asked for; 4.1.4.2:
// or the time is known to us alone. An LMTP server delivers: nothing is relayed.
bool is_told_as_relayed(const Claim& claim, const relay::Answer& answer, const relay::Job& job) {
  const auto& by = claim.envelope->deliver_by;
  if (!by) return !answer.dsn;
  if (!job.route.starts_with("lmtp:") && (by->trace || !answer.deliver_by)) return true;
  return !answer.dsn && asks_for_success(claim.recipient);
}

}  // namespace

Outcome of_verdict(const Claim& claim, const relay::Verdict& verdict, const relay::Answer& answer,
                   const Parcel& parcel, const Moment& moment, const Policy& policy) {
  Outcome made;
  switch (verdict.status) {
    case relay::Status::delivered:
      made = outcome(claim, Kind::delivered, verdict.code, relay::text_of(verdict));
      if (is_told_as_relayed(claim, answer, parcel.job)) made.owed = spool::Owed::relayed;
      break;
    case relay::Status::failed:
      made = outcome(claim, Kind::failed, verdict.code, relay::text_of(verdict));
      if (is_hard(verdict) && policy.suppress > Milliseconds(0))
        made.suppress_until = moment.now + policy.suppress;
      break;
    case relay::Status::deferred:
      made = try_again({claim, parcel.begun, parcel.long_life}, verdict.code, relay::text_of(verdict), moment,
                       policy);
      break;
    case relay::Status::postponed:
      made = outcome(claim, Kind::postponed, {4, 4, 0}, "not tried to its end: sending was stopped");
      made.next = moment.now;
      break;
  }
  made.lane = parcel.lane;
  return made;
}

Outcome parked(const Claim& claim, const std::string& lane, const std::string& why, const Moment& moment,
               const Policy& policy, bool secondary) {
  Outcome made = outcome(claim, Kind::postponed, {4, 4, 1}, why);  // RFC 3463 3.5: no answer from host
  made.lane = lane;
  made.parked = true;
  made.owed = owed_delay(claim, moment, policy);
  made.next = claim.envelope->released() + policy.retry_of(secondary).expire;
  if (const auto notice = notice_time(claim, policy); notice && made.owed == spool::Owed::nothing)
    made.next = std::min(made.next, *notice);
  if (const auto deadline = spool::deadline_of(*claim.envelope)) made.next = std::min(made.next, *deadline);
  // Past all of them it waits for the next probe of its destination, whose failure decides.
  if (made.next <= moment.now) made.next = moment.now + Milliseconds(policy.retry.steps.back());
  return made;
}

std::optional<Outcome> barred(const Claim& claim, std::optional<Timestamp> failed_at, const std::string& why,
                              const Moment& moment, const Policy& policy, bool secondary) {
  if (auto late = past_deadline(claim, why, moment)) return late;
  if (!claim.suppressed.empty() && !claim.recipient.urgent && policy.suppress > Milliseconds(0))
    return outcome(claim, Kind::failed, {5, 1, 1},
                   "not sent, the address is suppressed for now: " + claim.suppressed);
  const auto retry = policy.retry_of(secondary);
  if (failed_at && is_over(claim, *failed_at, moment, retry)) return expired(claim, why, retry);
  return std::nullopt;
}

Outcome lost_at_final_dot(const Claim& claim, const std::string& how, const Moment& moment,
                          const Policy& policy) {
  Outcome made = outcome(claim, Kind::unknown, {4, 4, 2},
                         "the sending process " + how +
                             " after the final dot: the message may have been delivered, and is sent again");
  made.window = "final-dot";
  made.next = next_time(claim, moment.now, policy.retry);
  return made;
}

bool is_last_try(const Claim& claim, const Moment& moment, const Policy& policy, bool secondary) {
  return is_over(claim, moment.now, moment, policy.retry_of(secondary));
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
