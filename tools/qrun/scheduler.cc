#include "qrun/scheduler.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/file.h"
#include "base/text.h"
#include "net/readiness.h"
#include "qrun/bounce.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t out_max = 2'000;       // claimed and not yet recorded, at most
constexpr Milliseconds spacing{15};          // between turns, under load
constexpr Milliseconds burst = 3 * spacing;  // a qrun that was idle may make this many turns at once
constexpr Milliseconds pause_after_failure{1'000};
constexpr unsigned turn_failures_max = 10;  // then the supervisor starts us anew
constexpr Milliseconds patience_at_stop{30'000};
constexpr Milliseconds patience_at_end{10'000};  // for processes that have nothing left to do
constexpr std::size_t debts_a_turn = 50;         // each DSN is a commit; the others are reported again
constexpr Milliseconds prune_every{600'000};
constexpr std::size_t prune_most = 1'000;

}  // namespace

Scheduler::Scheduler(Parts parts, Mode mode)
    : parts_(std::move(parts)),
      mode_(mode),
      policy_(parts_.policy()),
      router_(parts_.addresses),
      outbound_(parts_.senders, parts_.logger),
      clock_watch_(parts_.clock) {}

ExitStatus Scheduler::run() {
  if (!start()) return ExitStatus::later;
  for (;;) {
    collect();
    if (must_turn() && may_turn() && !take_turn()) return ExitStatus::later;
    if (is_finished()) return finish();
    wait();
  }
}

bool Scheduler::start() {
  wake_ = parts_.spool.open_wake_fifo();
  const auto recovered = parts_.spool.recover_claims();
  if (!recovered) {
    parts_.logger.error("start-failed", {{"text", recovered.error().text}});
    return false;
  }
  outbound_.set_policy(policy_);
  if (const auto restored = outbound_.restore(parts_.spool); !restored) {
    parts_.logger.error("start-failed", {{"text", restored.error().text}});
    return false;
  }
  parts_.logger.info("started", {{"recovered", *recovered}});
  if (!mode_.once || mode_.ready_fd >= 0)
    net::announce_ready(mode_.ready_fd >= 0 ? std::optional(mode_.ready_fd) : std::nullopt);
  last_sweep_ = last_prune_ = parts_.clock.since_boot();
  return true;
}

// ---- waiting

void Scheduler::wait() {
  if (parts_.wait) return parts_.wait(wait_time());
  std::vector<pollfd> descriptors;
  if (wake_) descriptors.push_back({wake_.get(), POLLIN, 0});
  if (mode_.signals) descriptors.push_back({mode_.signals->fd(), POLLIN, 0});
  parts_.deliver.add_to(descriptors);
  outbound_.add_to(descriptors);
  ::poll(descriptors.data(), descriptors.size(), wait_time());
}

// Milliseconds until something must be done though no descriptor is ready.
int Scheduler::wait_time() const {
  const Milliseconds now = parts_.clock.since_boot();
  Milliseconds until = last_sweep_ + policy_.sweep;
  if (const auto look = parts_.deliver.next_look(policy_.job_timeout)) until = std::min(until, *look);
  if (const auto look = outbound_.next_look(now, policy_.silence())) until = std::min(until, *look);
  if (const auto probe = outbound_.next_probe(); probe && policy_.outgoing && wants_claims())
    until = std::min(until, now + (*probe - parts_.clock.now()));
  if (must_turn()) until = std::min(until, std::max(paced_until_ - burst, not_before_));
  if (stopping_) until = std::min(until, stop_deadline_);
  if (next_due_ && wants_claims()) until = std::min(until, now + (*next_due_ - parts_.clock.now()));
  return static_cast<int>(std::clamp((until - now).count(), std::int64_t{0}, std::int64_t{60'000}));
}

void Scheduler::collect() {
  std::array<char, 4096> bytes;
  while (wake_ && ::read(wake_.get(), bytes.data(), bytes.size()) > 0) woken_ = true;
  take_signals();
  if (const auto jump = clock_watch_.look())
    parts_.logger.warning("clock-jumped", {{"seconds", jump->count() / 1000}});
  const Milliseconds now = parts_.clock.since_boot();
  if (now >= last_sweep_ + policy_.sweep) {
    last_sweep_ = now;
    woken_ = true;
  }
  work_workers();
  if (stopping_) release_untried();
}

void Scheduler::work_workers() {
  const Milliseconds now = parts_.clock.since_boot();
  take_news(parts_.deliver.work(now, policy_.job_timeout));
  take(outbound_.work(now, moment(), policy_));
}

void Scheduler::take_signals() {
  while (const int signal = mode_.signals ? mode_.signals->take() : 0) {
    if ((signal != SIGTERM && signal != SIGINT) || stopping_) continue;
    stopping_ = true;
    stop_deadline_ = parts_.clock.since_boot() + patience_at_stop;
  }
}

// Jobs that no process has: their claims are given back.
void Scheduler::release_untried() {
  for (const Job& job : parts_.deliver.stop())
    add(job.claim, given_back(job.claim, "qrun was stopped", parts_.clock.now()), false);
  take(outbound_.stop(moment()));
}

void Scheduler::take(Outbound::Outcomes outcomes) {
  for (auto& [claim, outcome] : outcomes) add(claim, std::move(outcome), false);
}

void Scheduler::take_news(PoolNews news) {
  const Moment at = moment();
  for (const auto& [job, answer] : news.answers) add(job.claim, of_answer(job, answer, at, policy_), true);
  for (const auto& [job, how] : news.crashes) add(job.claim, of_crash(job.claim, how, at, policy_), false);
  for (const Job& job : news.given_back)
    add(job.claim, given_back(job.claim, news.why_given_back, at.now + news.pause), false);
}

Moment Scheduler::moment() const {
  // Jitter lengthens a step by a tenth at most.
  const Milliseconds round = Milliseconds(policy_.retry.steps.back()) * 11 / 10;
  return {parts_.clock.now(), clock_watch_.may_expire(round)};
}

// ---- turns

bool Scheduler::wants_claims() const {
  return !stopping_ && parts_.deliver.jobs() + pending_.size() < out_max;
}

bool Scheduler::has_wishes() const { return policy_.outgoing && outbound_.has_wishes(parts_.clock.now()); }

bool Scheduler::must_turn() const {
  if (!pending_.empty()) return true;
  const bool due = next_due_ && *next_due_ <= parts_.clock.now();
  return wants_claims() && (woken_ || due || owes_ || has_wishes());
}

bool Scheduler::may_turn() const {
  const Milliseconds now = parts_.clock.since_boot();
  return now + burst >= paced_until_ && now >= not_before_;
}

// False: the spool cannot be written, and somebody else must look at it.
bool Scheduler::take_turn() {
  policy_ = parts_.policy();
  outbound_.set_policy(policy_);
  const std::size_t out = parts_.deliver.jobs();
  const std::size_t most = stopping_ || out >= out_max ? 0 : out_max - out;
  std::vector<spool::Outcome> outcomes;
  outcomes.reserve(pending_.size());
  for (const Pending& pending : pending_) outcomes.push_back(pending.outcome);
  const spool::LaneWork lanes = outbound_.lane_work(moment(), most > 0 && policy_.outgoing);
  const auto turn = parts_.spool.turn(outcomes, parts_.clock.now(), most, lanes);
  const Milliseconds now = parts_.clock.since_boot();
  paced_until_ = std::max(paced_until_, now) + spacing;
  if (!turn) {
    parts_.logger.error("turn-failed", {{"text", turn.error().text}});
    not_before_ = now + pause_after_failure;
    return !mode_.once && ++turn_failures_ < turn_failures_max;
  }
  ++statistics_.turns;
  turn_failures_ = 0;
  const std::vector<Pending> done = std::exchange(pending_, {});
  drained_ = turn->claims.empty() && turn->debts.empty() && most > 0;
  woken_ = turn->claims.size() >= most;  // there may be more
  next_due_ = turn->next_due;
  recorded(done);
  after_turn(*turn);
  return true;
}

void Scheduler::after_turn(const spool::Turn& turn) {
  router_.forget();  // the directory may change between turns
  const Moment at = moment();
  outbound_.found(turn.lanes);
  for (const spool::Claim& claim : turn.claims) dispatch(claim, at);
  outbound_.end_of_turn(parts_.clock.since_boot());
  settle(turn.debts);
  if (drained_) prune();
}

void Scheduler::recorded(const std::vector<Pending>& pending) {
  std::vector<JobKey> known;
  for (const Pending& one : pending) {
    ++statistics_.outcomes[to_text(one.outcome.kind)];
    log(one);
    if (one.by_worker && one.outcome.kind != spool::Outcome::Kind::deferred)
      known.push_back({one.outcome.id, one.outcome.recipient});
  }
  parts_.deliver.forget(known);
}

void Scheduler::dispatch(const spool::Claim& claim, const Moment& at) {
  const Decision& decision = router_.decide(claim.recipient, claim.envelope->reverse_path);
  if (const auto* to = std::get_if<ExpandTo>(&decision))
    for (const std::string& problem : to->problems)
      parts_.logger.warning("expansion-problem", {{"id", claim.id.to_text()}, {"text", problem}});
  if (const auto* out = std::get_if<SendOut>(&decision); out && outbound_.can_send()) {
    auto outcome = policy_.outgoing ? outbound_.dispatch(claim, *out, at, policy_)
                                    : outbound_.keep(claim, *out, at, policy_);
    if (outcome) add(claim, std::move(*outcome), false);
    return;
  }
  if (auto outcome = of_decision(claim, decision, at, policy_)) return add(claim, std::move(*outcome), false);
  const auto& to = std::get<DeliverTo>(decision);
  parts_.deliver.add({claim, to.mailbox, to.detail, at.now});
}

void Scheduler::add(const spool::Claim& claim, spool::Outcome outcome, bool by_worker) {
  pending_.push_back({std::move(outcome), claim.recipient.address, claim.recipient.attempts,
                      claim.envelope->accepted, by_worker});
}

// ---- debts

void Scheduler::settle(const std::vector<spool::Debt>& debts) {
  owes_ = debts.size() > debts_a_turn;
  for (std::size_t i = 0; i < std::min(debts.size(), debts_a_turn); ++i) pay(debts[i]);
}

void Scheduler::pay(const spool::Debt& debt) {
  const auto body = parts_.spool.body(debt.id);
  if (!body && body.error().retry == Retry::later) return pay_later(debt, body.error());
  const auto bounce = make_bounce(debt, body ? body->bytes() : std::string_view(), parts_.hostname,
                                  parts_.clock.now(), policy_.retry.expire);
  if (const auto settled = parts_.spool.settle(debt, bounce); !settled) {
    return pay_later(debt, settled.error());
  }
  if (!bounce) {
    parts_.logger.info("bounce-not-wanted", {{"id", debt.id.to_text()}, {"recipients", debt.owed.size()}});
    return;
  }
  ++statistics_.bounces;
  woken_ = true;
  parts_.logger.info("bounced", {{"id", debt.id.to_text()},
                                 {"to", debt.envelope->reverse_path},
                                 {"recipients", debt.owed.size()},
                                 {"dsn", bounce->id.to_text()}});
}

// The next turn reports it again.
void Scheduler::pay_later(const spool::Debt& debt, const Failure& failure) {
  parts_.logger.error("bounce-failed", {{"id", debt.id.to_text()}, {"text", failure.text}});
  not_before_ = parts_.clock.since_boot() + pause_after_failure;
  owes_ = true;
}

void Scheduler::prune() {
  const Milliseconds now = parts_.clock.since_boot();
  if (mode_.once || now < last_prune_ + prune_every) return;
  const auto pruned = parts_.spool.prune_journal(parts_.clock.now() - policy_.journal_keep, prune_most);
  if (!pruned) parts_.logger.error("prune-failed", {{"text", pruned.error().text}});
  if (!pruned || *pruned < prune_most) last_prune_ = now;
}

// ---- the end

bool Scheduler::is_finished() const {
  if (mode_.is_over && mode_.is_over()) return true;
  if (stopping_)
    return (pending_.empty() && parts_.deliver.is_idle() && outbound_.is_idle()) ||
           parts_.clock.since_boot() >= stop_deadline_;
  return mode_.once && drained_ && !woken_ && pending_.empty() && parts_.deliver.is_idle() &&
         outbound_.is_idle() && !has_wishes();
}

ExitStatus Scheduler::finish() {
  const bool broken = mode_.once && parts_.deliver.is_broken();
  stopping_ = true;
  release_untried();
  parts_.deliver.end();  // what it is to forget is written first
  const Milliseconds until = parts_.clock.since_boot() + patience_at_end;
  while (!(parts_.deliver.has_ended() && outbound_.has_ended()) && parts_.clock.since_boot() < until) {
    work_workers();
    std::vector<pollfd> descriptors;
    parts_.deliver.add_to(descriptors);
    outbound_.add_to(descriptors);
    ::poll(descriptors.data(), descriptors.size(), 100);
  }
  // What is still open is found claimed by the next qrun, which waits for our workers first.
  const bool recorded_all = pending_.empty() || take_turn();
  say_farewell();
  return broken || !recorded_all ? ExitStatus::later : ExitStatus::ok;
}

void Scheduler::say_farewell() {
  auto& outcomes = statistics_.outcomes;
  parts_.logger.info("stopped", {{"turns", statistics_.turns},
                                 {"delivered", outcomes["delivered"]},
                                 {"deferred", outcomes["deferred"]},
                                 {"failed", outcomes["failed"]},
                                 {"expanded", outcomes["expanded"]},
                                 {"discarded", outcomes["discarded"]},
                                 {"held", outcomes["held"]},
                                 {"bounces", statistics_.bounces},
                                 {"workers_died", parts_.deliver.died()}});
}

void Scheduler::log(const Pending& pending) const {
  const spool::Outcome& outcome = pending.outcome;
  const auto level =
      outcome.kind == spool::Outcome::Kind::held || outcome.crashed ? log::Level::warning : log::Level::info;
  const Milliseconds age = parts_.clock.now() - pending.accepted;
  parts_.logger.event(level, to_text(outcome.kind),
                      {{"id", outcome.id.to_text()},
                       {"recipient", outcome.recipient},
                       {"to", pending.address},
                       {"status", to_string(outcome.status)},
                       {"attempts", pending.attempts},
                       {"age_ms", age.count()},
                       {"text", outcome.text}});
}

}  // namespace tubepost::qrun
