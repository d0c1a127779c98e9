// qrun's one loop (design.md 2). It waits for a commit of anybody (the wake FIFO), for workers, for the time
// something is due, and for signals; then one Spool::turn() records every outcome known by now and claims
// what is due.
//
// Turns are spaced under load, so that qrun's commits do not take LMDB's writer lock from smtpd; an idle qrun
// acts at once, and where there is nothing to do there is no turn. Threading: one thread; it owns the pool's
// processes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exit_status.h"
#include "log/logger.h"
#include "process/signals.h"
#include "qrun/clock_watch.h"
#include "qrun/hands.h"
#include "qrun/outbound.h"
#include "qrun/routing.h"
#include "qrun/verdicts.h"

namespace tubepost::qrun {

class Scheduler {
public:
  struct Parts {
    spool::Spool& spool;
    const Addresses& addresses;
    Deliveries& deliver;
    const Clock& clock;
    const log::Logger& logger;
    std::function<Policy()> policy;  // asked again in each turn, as settings may change
    std::string hostname;
    Senders* senders = nullptr;                    // none: what is for other servers waits
    std::function<void(int milliseconds)> wait{};  // in place of poll(2): the time of a simulation goes on
  };
  struct Mode {
    bool once = false;                         // end when nothing is due and nothing is in work
    int ready_fd = -1;                         // a newline goes there when claims are recovered
    process::SignalSource* signals = nullptr;  // SIGTERM, SIGINT: stop; others are ignored
    std::function<bool()> is_over{};           // a simulation ends when this says so
  };
  Scheduler(Parts parts, Mode mode);
  ExitStatus run();

  struct Statistics {
    std::map<std::string_view, std::uint64_t> outcomes;
    std::uint64_t turns = 0, bounces = 0;
  };
  const Statistics& statistics() const { return statistics_; }

private:
  // An outcome on its way into the spool, with what its log line says.
  struct Pending {
    spool::Outcome outcome;
    std::string address;
    std::uint32_t attempts = 0;
    Timestamp accepted;
    bool by_worker = false;  // the worker keeps it until we have it
  };

  bool start();
  void wait();
  int wait_time() const;
  void collect();
  void take_signals();
  void take_news(PoolNews news);
  void take(Outbound::Outcomes outcomes);
  void work_workers();
  bool has_wishes() const;  // of destinations that are sent to
  bool must_turn() const;
  bool may_turn() const;
  bool wants_claims() const;
  bool take_turn();
  void after_turn(const spool::Turn& turn);
  void recorded(const std::vector<Pending>& pending);
  void dispatch(const spool::Claim& claim, const Moment& moment);
  void settle(const std::vector<spool::Debt>& debts);
  void pay(const spool::Debt& debt);
  void pay_later(const spool::Debt& debt, const Failure& failure);
  void prune();
  bool is_finished() const;
  ExitStatus finish();
  void release_untried();
  void say_farewell();
  void add(const spool::Claim& claim, spool::Outcome outcome, bool by_worker);
  void log(const Pending& pending) const;
  Moment moment() const;

  Parts parts_;
  Mode mode_;
  Policy policy_;
  Router router_;
  Outbound outbound_;
  ClockWatch clock_watch_;
  UniqueFd wake_;
  std::vector<Pending> pending_;
  std::optional<Timestamp> next_due_;
  Milliseconds paced_until_{0}, last_sweep_{0}, last_prune_{0}, not_before_{0}, stop_deadline_{0};
  bool woken_ = true, stopping_ = false, owes_ = false;
  bool drained_ = false;  // the last turn found nothing to claim and nobody to tell
  unsigned turn_failures_ = 0;
  Statistics statistics_;
};

}  // namespace tubepost::qrun
