#include "qrun/outbound.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/text.h"

namespace tubepost::qrun {
namespace {

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : to_lower(address.substr(at + 1));
}

std::string route_of(const SendOut& to, const Policy& policy) {
  // What has no route of its own takes the smarthosts, where these are for everything (O3).
  if (policy.by_smarthost && to.route.kind == directory::RouteKind::direct && to.route.pattern.empty())
    return "smarthost";
  return directory::destination_text(to.route);
}

relay::Job job_of(const spool::Claim& claim, const std::string& route) {
  const spool::Envelope& envelope = *claim.envelope;
  relay::Job job;
  job.id = claim.id;
  job.route = route;
  job.domain = domain_of(claim.recipient.address);
  job.sender = envelope.reverse_path;
  job.envid = envelope.dsn_envid;
  job.ret = envelope.dsn_ret;
  job.body = envelope.body_type;
  job.smtputf8 = envelope.smtputf8;
  job.require_tls = envelope.require_tls;
  job.deliver_by = envelope.deliver_by;
  return job;
}

bool is_said(const relay::Verdict& verdict, const spool::Claim& claim) {
  return verdict.number == claim.recipient.number;
}

}  // namespace

std::string lane_of(const SendOut& to, const std::string& address, const Policy& policy) {
  const std::string route = route_of(to, policy);
  std::string lane = route == "direct" ? domain_of(address) : route;
  std::erase(lane, '\0');
  if (lane.size() <= spool::lane_max) return lane;
  return lane.substr(0, spool::lane_max - 10) + std::to_string(crc32c(lane));
}

Result<void> Outbound::restore(const spool::Spool& spool) {
  const auto in_trouble = spool.destinations();
  if (!in_trouble) return Failure(in_trouble.error());
  const auto lanes = spool.lanes();
  if (!lanes) return Failure(lanes.error());
  destinations_.restore(*in_trouble, *lanes);
  return {};
}

// ---- from claims to parcels

std::optional<spool::Outcome> Outbound::dispatch(const spool::Claim& claim, const SendOut& to,
                                                 const Moment& moment, const Policy& policy) {
  const std::string lane = lane_of(to, claim.recipient.address, policy);
  const std::string route = route_of(to, policy);
  // Who goes by a given host goes with all others of the message that do, whatever their domains, and expire with him.
  const std::string apart = route == "direct" ? domain_of(claim.recipient.address)
                            : to.secondary    ? "*secondary"
                                              : "";
  const std::string key = lane + '\n' + claim.id.to_text() + '\n' + apart;
  auto begun = building_.find(key);
  if (begun != building_.end() && begun->second.claims.size() >= relay::recipients_max) {
    destinations_.add(std::move(begun->second));  // full: the others of the message are another parcel
    building_.erase(begun);
    begun = building_.end();
  }
  const bool joins = begun != building_.end();
  const std::string why = destinations_.why_parked(lane);
  // While a destination is being tried its failure is not known yet.
  const auto failed_at = joins ? std::nullopt : destinations_.failed_at(lane);
  const bool takes = joins || destinations_.takes(lane, claim.recipient.urgent, moment.now);
  if (auto end = barred(claim, takes ? std::nullopt : failed_at, why, moment, policy, to.secondary)) {
    end->lane = lane;
    return end;
  }
  if (!takes) {
    destinations_.parked(lane);
    return parked(claim, lane, why, moment, policy, to.secondary);
  }
  Parcel& parcel = building_[key];
  if (parcel.claims.empty()) {
    parcel.lane = lane;
    parcel.job = job_of(claim, route);
    parcel.begun = moment.now;
    parcel.long_life = to.secondary;
    destinations_.announce(lane);
  }
  const spool::Recipient& recipient = claim.recipient;
  parcel.job.last = parcel.job.last || is_last_try(claim, moment, policy, to.secondary);
  parcel.job.recipients.push_back({recipient.number, recipient.notify, recipient.orcpt, recipient.address});
  parcel.claims.push_back(claim);
  return std::nullopt;
}

std::optional<spool::Outcome> Outbound::keep(const spool::Claim& claim, const SendOut& to,
                                             const Moment& moment, const Policy& policy) {
  auto made = of_decision(claim, Decision(to), moment, policy);
  if (!made || made->kind != spool::Outcome::Kind::postponed) return made;
  made->lane = lane_of(to, claim.recipient.address, policy);
  made->parked = true;
  destinations_.parked(made->lane);
  return made;
}

void Outbound::end_of_turn(Milliseconds now) {
  for (auto& [key, parcel] : building_) destinations_.add(std::move(parcel));
  building_.clear();
  if (senders_ && !stopped_) give_out(now);
}

// ---- turns

spool::LaneWork Outbound::lane_work(const Moment& moment, bool claims) {
  spool::LaneWork work;
  if (!can_send()) return work;
  work.changed = destinations_.take_changed();
  if (claims && !stopped_) work.wishes = destinations_.wishes(moment.now);
  return work;
}

// ---- from answers to outcomes

Outbound::Outcomes Outbound::work(Milliseconds now, const Moment& moment, const Policy& policy) {
  Outcomes outcomes;
  if (!senders_) return outcomes;
  const SenderNews news = senders_->work(now, policy.silence());
  for (const auto& [parcel, answer] : news.answers) take_answer(parcel, answer, moment, policy, outcomes);
  for (const SenderNews::Death& death : news.deaths) take_death(death, moment, policy, outcomes);
  for (const Parcel& parcel : news.given_back) {
    destinations_.given_back(parcel);
    for (const spool::Claim& claim : parcel.claims)
      outcomes.emplace_back(claim, given_back(claim, news.why_given_back, moment.now + news.pause));
  }
  // Also without news: by now a process may have waited so long for its host that it no longer counts.
  if (!stopped_) give_out(now);
  return outcomes;
}

void Outbound::give_out(Milliseconds now) {
  const auto connections = [&](const std::string& lane) { return senders_->connections(lane); };
  for (const std::string& lane : senders_->lanes_to_stay(now))
    if (auto parcel = destinations_.next_of(lane)) senders_->give(std::move(*parcel), now);
  while (senders_->has_idle(now)) {
    auto parcel = destinations_.next(connections, senders_->connecting());
    if (!parcel) break;
    senders_->give(std::move(*parcel), now);
  }
  // A connection need not idle while its answer is recorded.
  for (const Senders::Room& room : senders_->lanes_with_room(now)) {
    if (!room.in_run && !destinations_.is_alone(room.lane)) continue;
    if (auto parcel = destinations_.next_of(room.lane)) senders_->give_behind(std::move(*parcel), now);
  }
}

void Outbound::take_answer(const Parcel& parcel, const relay::Answer& answer, const Moment& moment,
                           const Policy& policy, Outcomes& outcomes) {
  bool tried = false;
  std::string text;
  for (const spool::Claim& claim : parcel.claims) {
    const auto verdict = std::find_if(answer.verdicts.begin(), answer.verdicts.end(),
                                      [&](const relay::Verdict& one) { return is_said(one, claim); });
    if (verdict == answer.verdicts.end()) {
      outcomes.emplace_back(
          claim, given_back(claim, "mxsend said nothing of it", moment.now + Milliseconds(60'000)));
      continue;
    }
    tried = tried || verdict->status != relay::Status::postponed;
    if (text.empty()) text = verdict->text;
    outcomes.emplace_back(claim, of_verdict(claim, *verdict, answer, parcel, moment, policy));
  }
  if (!tried) return destinations_.given_back(parcel);
  const auto others = destinations_.answered(parcel, answer.trouble, text, moment.now);
  if (answer.trouble != relay::Trouble::none)
    logger_.warning(
        "destination-trouble",
        {{"destination", parcel.lane}, {"trouble", std::string(to_text(answer.trouble))}, {"text", text}});
  park(others, moment, policy, outcomes);
}

void Outbound::take_death(const SenderNews::Death& death, const Moment& moment, const Policy& policy,
                          Outcomes& outcomes) {
  destinations_.given_back(death.parcel);
  for (const spool::Claim& claim : death.parcel.claims) {
    spool::Outcome made = death.final_dot ? lost_at_final_dot(claim, death.how, moment, policy)
                                          : of_crash(claim, death.how, moment, policy);
    if (death.final_dot && death.crashed) made.crashed = true;
    outcomes.emplace_back(claim, std::move(made));
  }
}

void Outbound::park(const std::vector<Parcel>& parcels, const Moment& moment, const Policy& policy,
                    Outcomes& outcomes) {
  for (const Parcel& parcel : parcels) {
    destinations_.parked(parcel.lane);
    for (const spool::Claim& claim : parcel.claims)
      outcomes.emplace_back(claim, parked(claim, parcel.lane, destinations_.why_parked(parcel.lane), moment,
                                          policy, parcel.long_life));
  }
}

// ---- the end

Outbound::Outcomes Outbound::stop(const Moment& moment) {
  Outcomes outcomes;
  if (!stopped_ && senders_) senders_->end();
  stopped_ = true;
  end_of_turn(Milliseconds(0));
  for (const Parcel& parcel : destinations_.take_all())
    for (const spool::Claim& claim : parcel.claims)
      outcomes.emplace_back(claim, given_back(claim, "qrun was stopped", moment.now));
  return outcomes;
}

bool Outbound::is_idle() const {
  return !senders_ || (senders_->is_idle() && destinations_.waiting() == 0 && building_.empty());
}

std::optional<Milliseconds> Outbound::next_look(Milliseconds now, Milliseconds silence) const {
  if (!senders_) return std::nullopt;
  auto next = senders_->next_look(silence);
  // Processes that could not be started are tried again.
  if (destinations_.waiting() > 0 && senders_->not_before() > now)
    next = next ? std::min(*next, senders_->not_before()) : senders_->not_before();
  return next;
}

void Outbound::add_to(std::vector<pollfd>& descriptors) const {
  if (senders_) senders_->add_to(descriptors);
}

}  // namespace tubepost::qrun
