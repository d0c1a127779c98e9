// Mail for other servers, on its way between the spool's turns and the sending processes: what is claimed is made
// into parcels, one for each message and destination, or parked; what the processes answer is made into outcomes.
// The Scheduler's outward half. Threading: one thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "log/logger.h"
#include "qrun/hands.h"
#include "qrun/routing.h"
#include "qrun/verdicts.h"

namespace tubepost::qrun {

class Outbound {
public:
  using Outcomes = std::vector<std::pair<spool::Claim, spool::Outcome>>;

  Outbound(Senders* senders, const log::Logger& logger)
      : senders_(senders), logger_(logger), destinations_({}) {}

  bool can_send() const { return senders_ != nullptr; }
  Result<void> restore(const spool::Spool& spool);
  void set_policy(const Policy& policy) { destinations_.set_limits(policy.limits()); }

  // A claim that is to be sent out: its outcome, where that is known at once; else it is in hand.
  std::optional<spool::Outcome> dispatch(const spool::Claim& claim, const SendOut& to, const Moment& moment,
                                         const Policy& policy);
  // While nothing is sent: it waits in its lane, and is claimed from there as soon as sending is on again.
  std::optional<spool::Outcome> keep(const spool::Claim& claim, const SendOut& to, const Moment& moment,
                                     const Policy& policy);
  void end_of_turn(
      Milliseconds now);  // the recipients of one message that were claimed together are one parcel now

  spool::LaneWork lane_work(const Moment& moment, bool claims);
  void found(const std::vector<spool::LaneNews>& news) { destinations_.found(news); }
  bool has_wishes(Timestamp now) const { return can_send() && destinations_.has_wishes(now); }
  std::optional<Timestamp> next_probe() const { return destinations_.next_probe(); }

  // Everything that can be done now. `now`: since boot.
  Outcomes work(Milliseconds now, const Moment& moment, const Policy& policy);
  // Nothing is given out any more; what is in hand comes back.
  Outcomes stop(const Moment& moment);
  bool is_idle() const;
  bool has_ended() const { return !senders_ || senders_->has_ended(); }
  std::optional<Milliseconds> next_look(Milliseconds now, Milliseconds silence) const;
  void add_to(std::vector<pollfd>& descriptors) const;

private:
  void give_out(Milliseconds now);
  void take_answer(const Parcel& parcel, const relay::Answer& answer, const Moment& moment,
                   const Policy& policy, Outcomes& outcomes);
  void take_death(const SenderNews::Death& death, const Moment& moment, const Policy& policy,
                  Outcomes& outcomes);
  void park(const std::vector<Parcel>& parcels, const Moment& moment, const Policy& policy,
            Outcomes& outcomes);

  Senders* senders_;  // none: nothing sends
  const log::Logger& logger_;
  Destinations destinations_;
  std::map<std::string, Parcel> building_;  // of this turn
  bool stopped_ = false;
};

// The lane and the route of mail that `to` sends: "example.net", "smarthost", "host:mx.example.net:25".
std::string lane_of(const SendOut& to, const std::string& address, const Policy& policy);

}  // namespace tubepost::qrun
