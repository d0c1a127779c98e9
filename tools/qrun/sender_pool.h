// The mxsend processes: one for each outgoing connection (L4). A process keeps the connection of its last job, so
// that the next parcels for the same destination go to it, for a run of bounded length where others wait. A process
// runs one parcel at a time; those that stand in its pipe behind it have not been tried when it dies.
//
// Who has waited for a second that a host answers has no connection yet and does not count as one, so that hosts that
// swallow everything never hold up those that live; there are at most so many more processes (not where the limit is
// 1: strictly serial). One whose host answers late gives that connection up and is told when there is room for it
// (relay/job.h, phase): there are never more than the limit.
//
// Threading: one thread; nothing here blocks. Times are since boot.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "log/logger.h"
#include "qrun/hands.h"
#include "qrun/worker_pipe.h"
#include "qrun/worker_pool.h"

namespace tubepost::qrun {

class SenderPool final : public Senders {
public:
  SenderPool(WorkerKind kind, int lock, const log::Logger& logger);

  bool has_idle(Milliseconds now) const override;
  void give(Parcel parcel, Milliseconds now) override;
  std::vector<std::string> lanes_to_stay(Milliseconds now) const override;
  std::vector<Room> lanes_with_room(Milliseconds now) const override;
  void give_behind(Parcel parcel, Milliseconds now) override;
  std::size_t connections(const std::string& lane) const override;
  std::size_t connecting() const override;

  SenderNews work(Milliseconds now, Milliseconds silence) override;
  void end() override;
  bool is_idle() const override;
  bool has_ended() const override;
  Milliseconds not_before() const override { return not_before_; }
  std::optional<Milliseconds> next_look(Milliseconds silence) const override;
  void add_to(std::vector<pollfd>& descriptors) const override;
  std::uint64_t died() const { return died_; }

private:
  struct Slot {
    std::optional<WorkerPipe> process;
    std::deque<Parcel> parcels;  // the first is under way
    std::string lane;            // of the last parcel: its connection may be open still
    relay::Phase phase = relay::Phase::connecting;
    std::optional<Milliseconds>
        connecting_since;  // since it said so: a process that is slow to start does not
    Milliseconds last_progress{0}, run_since{0};
    unsigned run = 0;  // parcels for this lane one after the other
    bool timed_out = false, is_ending = false;
    bool is_hanging = false;     // seen to have waited so long for its connection
    bool asks_for_room = false;  // its host has answered, late

    bool is_free() const { return parcels.empty() && !is_ending; }
    bool has_connection() const { return parcels.empty() ? process && !lane.empty() : !is_hanging; }
    bool owes_a_word() const { return !parcels.empty() && !timed_out && !asks_for_room; }
    void take_phase(relay::Phase to, Milliseconds now);
    bool is_in_run(Milliseconds now) const;
    void count_run(const std::string& to, Milliseconds now);
  };
  std::size_t in_use() const;
  Slot& best_for(const std::string& lane);
  void end_surplus(Slot& slot);
  void end(Slot& slot);
  void make_room(Milliseconds now);
  bool start(Slot& slot, Milliseconds now);
  void take_news(Slot& slot, SenderNews& news, Milliseconds now);
  void take_answer(Slot& slot, relay::Answer answer, SenderNews& news);
  void bury(Slot& slot, const process::Ended& ended, SenderNews& news, Milliseconds now);
  void give_back(std::deque<Parcel>& parcels, const std::string& why, SenderNews& news, Milliseconds now);

  WorkerKind kind_;
  int lock_;
  const log::Logger& logger_;
  std::size_t most_;  // connections
  std::vector<Slot> slots_;
  unsigned failures_ = 0;  // processes in a row that came to nothing
  Milliseconds not_before_{0};
  std::uint64_t died_ = 0;
};

}  // namespace tubepost::qrun
