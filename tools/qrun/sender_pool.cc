#include "qrun/sender_pool.h"

#include <algorithm>
#include <csignal>

#include "qrun/pause.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t parcels_in_pipe = 3;       // of one process, the one under way among them
constexpr std::size_t more_processes = 4;        // times the limit: those that wait to be connected
constexpr unsigned run_max = 10;                 // parcels for one destination where others wait
constexpr Milliseconds run_time_max{1'000};

}  // namespace

SenderPool::SenderPool(WorkerKind kind, int lock, const log::Logger& logger)
    : kind_(std::move(kind)),
      lock_(lock),
      logger_(logger),
      most_(kind_.processes),
      slots_(most_ > 1 ? most_ * (1 + more_processes) : most_) {}

bool SenderPool::Slot::is_in_run(Milliseconds now) const {
  return run < run_max && now - run_since < run_time_max;
}

void SenderPool::Slot::count_run(const std::string& to, Milliseconds now) {
  if (lane != to || !is_in_run(now)) run = 0, run_since = now;
  lane = to;
  ++run;
}

void SenderPool::Slot::take_phase(relay::Phase to, Milliseconds now) {
  phase = to;
  asks_for_room = to == relay::Phase::waiting;
  if (to == relay::Phase::connecting) {
    if (!connecting_since) connecting_since = now;
    return;
  }
  connecting_since.reset();
  is_hanging = asks_for_room;
}

std::size_t SenderPool::in_use() const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.has_connection(); }));
}

// ---- giving

bool SenderPool::has_idle(Milliseconds now) const {
  if (now < not_before_) return false;
  const bool room = in_use() < most_;
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.is_free() && (room || slot.has_connection()); });
}

// The one whose connection may still stand; else one that has none; else any, whose connection is then closed.
SenderPool::Slot& SenderPool::best_for(const std::string& lane) {
  Slot* best = nullptr;
  const bool room = in_use() < most_;
  const auto rank = [&](const Slot& slot) {
    return !slot.process ? 1 : slot.lane == lane ? 3 : slot.lane.empty() ? 2 : 0;
  };
  for (Slot& slot : slots_) {
    if (!slot.is_free() || !(room || slot.has_connection())) continue;
    if (!best || rank(slot) > rank(*best)) best = &slot;
  }
  return *best;
}

bool SenderPool::start(Slot& slot, Milliseconds now) {
  auto process = WorkerPipe::start(kind_.argv, lock_);
  if (!process) {
    logger_.error("worker-start-failed", {{"worker", kind_.name}, {"text", process.error().text}});
    not_before_ = now + pause_after(++failures_);
    return false;
  }
  slot.process.emplace(std::move(*process));
  logger_.debug("worker-started", {{"worker", kind_.name}, {"pid", slot.process->pid()}});
  return true;
}

void SenderPool::give(Parcel parcel, Milliseconds now) {
  Slot& slot = best_for(parcel.lane);
  slot.count_run(parcel.lane, now);
  slot.phase = relay::Phase::connecting;
  slot.connecting_since.reset();
  slot.last_progress = now;
  slot.parcels.push_back(std::move(parcel));
  // Where none starts, the next look gives the parcel back.
  if (slot.process || start(slot, now)) slot.process->send(to_record(slot.parcels.back().job));
}

std::vector<std::string> SenderPool::lanes_to_stay(Milliseconds now) const {
  std::vector<std::string> lanes;
  for (const Slot& slot : slots_)
    if (slot.is_free() && slot.has_connection() && slot.is_in_run(now)) lanes.push_back(slot.lane);
  return lanes;
}

std::vector<SenderPool::Room> SenderPool::lanes_with_room(Milliseconds now) const {
  std::vector<Room> lanes;
  for (const Slot& slot : slots_)
    if (slot.process && !slot.parcels.empty() && slot.parcels.size() < parcels_in_pipe)
      lanes.push_back({slot.lane, slot.is_in_run(now)});
  return lanes;
}

void SenderPool::give_behind(Parcel parcel, Milliseconds now) {
  Slot* best = nullptr;
  for (Slot& slot : slots_)
    if (slot.process && !slot.parcels.empty() && slot.lane == parcel.lane &&
        (!best || slot.parcels.size() < best->parcels.size()))
      best = &slot;
  best->count_run(parcel.lane, now);
  best->process->send(to_record(parcel.job));
  best->parcels.push_back(std::move(parcel));
}

std::size_t SenderPool::connections(const std::string& lane) const {
  return static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return !slot.parcels.empty() && slot.lane == lane;
  }));
}

std::size_t SenderPool::connecting() const {
  return static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return !slot.parcels.empty() && !slot.is_hanging && slot.phase == relay::Phase::connecting;
  }));
}

// ---- taking

SenderNews SenderPool::work(Milliseconds now, Milliseconds silence) {
  SenderNews news;
  for (Slot& slot : slots_) {
    if (!slot.process) {
      if (!slot.parcels.empty()) give_back(slot.parcels, "no " + kind_.name + " could be started", news, now);
      continue;
    }
    slot.process->exchange();
    take_news(slot, news, now);
    // Everything it has said by now is known: it counts again as soon as it says that it is connected.
    slot.is_hanging = slot.asks_for_room ||
                      (slot.connecting_since && now - *slot.connecting_since >= relay::uncounted_after);
    if (const auto ended = slot.process->ended()) {
      slot.process->exchange();  // what it said before it died counts
      take_news(slot, news, now);
      bury(slot, *ended, news, now);
    } else if (slot.owes_a_word() && now - slot.last_progress >= silence) {
      logger_.error("worker-silent",
                    {{"worker", kind_.name}, {"pid", slot.process->pid()}, {"jobs", slot.parcels.size()}});
      slot.timed_out = true;
      slot.process->kill(SIGKILL);
    }
  }
  make_room(now);
  return news;
}

// For who asks for it: what is there, else that of a connection which nobody uses.
void SenderPool::make_room(Milliseconds now) {
  auto ending =
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.is_ending; });
  for (Slot& slot : slots_) {
    if (!slot.asks_for_room) continue;
    if (in_use() < most_) {
      slot.process->send(to_record(relay::GoAhead()));
      slot.asks_for_room = slot.is_hanging = false;
      slot.last_progress = now;
      continue;
    }
    if (ending-- > 0) continue;  // soon
    const auto unused = std::find_if(slots_.begin(), slots_.end(), [](const Slot& one) {
      return one.is_free() && one.has_connection();
    });
    if (unused != slots_.end()) end(*unused);
  }
}

void SenderPool::take_news(Slot& slot, SenderNews& news, Milliseconds now) {
  for (;;) {
    auto record = slot.process->next();
    if (record && !*record) return;
    auto said = record ? relay::parse_news(**record) : Result<relay::News>(std::move(record).error());
    if (!said) {
      logger_.error("worker-answer-bad", {{"worker", kind_.name}, {"text", said.error().text}});
      slot.process->give_up();
      return;
    }
    slot.last_progress = now;
    if (const auto* phase = std::get_if<relay::PhaseNews>(&*said)) {
      slot.take_phase(phase->phase, now);
    } else if (auto* answer = std::get_if<relay::Answer>(&*said)) {
      slot.take_phase(relay::Phase::transaction, now);  // no longer connecting, whatever it was
      take_answer(slot, std::move(*answer), news);
    } else if (slot.parcels.empty()) {
      slot.lane.clear();  // its connection is closed
    }
  }
}

// Processes that were started because others hung go when they have nothing left to do.
void SenderPool::end_surplus(Slot& slot) {
  const auto running = std::count_if(slots_.begin(), slots_.end(), [](const Slot& one) {
    return one.process.has_value() && !one.is_ending && !one.is_hanging;
  });
  if (slot.parcels.empty() && static_cast<std::size_t>(running) > most_) end(slot);
}

// Until it is gone its connection counts.
void SenderPool::end(Slot& slot) {
  slot.process->end_of_jobs();
  slot.process->exchange();
  slot.is_ending = true;
}

void SenderPool::take_answer(Slot& slot, relay::Answer answer, SenderNews& news) {
  if (slot.parcels.empty() || slot.parcels.front().job.id != answer.id) {
    logger_.error(
        "worker-answer-bad",
        {{"worker", kind_.name}, {"text", "an answer to a job it does not have: " + answer.id.to_text()}});
    return;
  }
  failures_ = 0;
  news.answers.emplace_back(std::move(slot.parcels.front()), std::move(answer));
  slot.parcels.pop_front();
  slot.phase = relay::Phase::connecting;
  end_surplus(slot);
}

void SenderPool::bury(Slot& slot, const process::Ended& ended, SenderNews& news, Milliseconds now) {
  const std::string how = ended.by_signal ? "was killed by signal " + std::to_string(ended.code)
                                          : "ended with status " + std::to_string(ended.code);
  if (!slot.parcels.empty() || ended.by_signal || ended.code != 0) {
    ++died_;
    logger_.error("worker-died", {{"worker", kind_.name},
                                  {"pid", slot.process->pid()},
                                  {"how", how},
                                  {"jobs", slot.parcels.size()},
                                  {"phase", std::string(to_text(slot.phase))}});
  }
  if (!slot.parcels.empty()) {
    const bool crashed = slot.timed_out || is_crash(ended);
    if (crashed || slot.phase == relay::Phase::final_dot) {
      news.deaths.push_back({std::move(slot.parcels.front()),
                             slot.timed_out ? "said nothing for too long" : how, crashed,
                             slot.phase == relay::Phase::final_dot});
      slot.parcels.pop_front();
    }
    give_back(slot.parcels, kind_.name + ' ' + how, news, now);
  }
  slot = {};
}

void SenderPool::give_back(std::deque<Parcel>& parcels, const std::string& why, SenderNews& news,
                           Milliseconds now) {
  std::move(parcels.begin(), parcels.end(), std::back_inserter(news.given_back));
  parcels.clear();
  news.why_given_back = why;
  news.pause = std::max(news.pause, pause_after(++failures_));
  not_before_ = std::max(not_before_, now + news.pause);
}

// ---- the end

void SenderPool::end() {
  for (Slot& slot : slots_)
    if (slot.process) slot.process->end_of_jobs();
}

bool SenderPool::is_idle() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.parcels.empty(); });
}

bool SenderPool::has_ended() const {
  return std::none_of(slots_.begin(), slots_.end(),
                      [](const Slot& slot) { return slot.process.has_value(); });
}

std::optional<Milliseconds> SenderPool::next_look(Milliseconds silence) const {
  std::optional<Milliseconds> next;
  const auto at = [&](Milliseconds time) { next = next ? std::min(*next, time) : time; };
  for (const Slot& slot : slots_) {
    if (!slot.owes_a_word()) continue;
    at(slot.process ? slot.last_progress + silence : Milliseconds(0));
    if (slot.connecting_since && !slot.is_hanging) at(*slot.connecting_since + relay::uncounted_after);
  }
  return next;
}

void SenderPool::add_to(std::vector<pollfd>& descriptors) const {
  for (const Slot& slot : slots_)
    if (slot.process) slot.process->add_to(descriptors);
}

}  // namespace tubepost::qrun
