// The mxsend processes: one for each outgoing connection (L4). A process keeps the connection of its last job, so
// that the next parcel for the same destination goes to it. A process runs one parcel at a time; those that stand
// in its pipe behind it have not been tried when it dies.
//
// Threading: one thread; nothing here blocks. Times are since boot.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "log/logger.h"
#include "qrun/destinations.h"
#include "qrun/worker_pipe.h"
#include "qrun/worker_pool.h"

namespace tubepost::qrun {

// What became of parcels since the last look; each is in exactly one list.
struct SenderNews {
  struct Death {
    Parcel parcel;
    std::string how;
    bool crashed = false;    // of its own doing: it may be the message
    bool final_dot = false;  // in the one window where the message may have been delivered
  };
  std::vector<std::pair<Parcel, relay::Answer>> answers;
  std::vector<Death> deaths;
  std::vector<Parcel> given_back;  // not tried
  std::string why_given_back;
  Milliseconds pause{0};  // how long to wait before that
};

class SenderPool {
public:
  SenderPool(WorkerKind kind, int lock, const log::Logger& logger);

  bool has_idle(Milliseconds now) const;
  void give(Parcel parcel, Milliseconds now);  // to an idle one; has_idle() was true
  // Lanes of busy processes in whose pipe there is room for one more.
  std::vector<std::string> lanes_with_room() const;
  void give_behind(Parcel parcel, Milliseconds now);
  std::size_t connections(const std::string& lane) const;

  SenderNews work(Milliseconds now, Milliseconds silence);
  // Each process sees the end of its jobs: it breaks off before the final dot, or waits for the reply after it.
  void end();
  bool is_idle() const;
  bool has_ended() const;
  std::size_t size() const { return slots_.size(); }
  Milliseconds not_before() const { return not_before_; }  // until then none is started
  std::optional<Milliseconds> next_look(Milliseconds silence) const;
  void add_to(std::vector<pollfd>& descriptors) const;
  std::uint64_t died() const { return died_; }

private:
  struct Slot {
    std::optional<WorkerPipe> process;
    std::deque<Parcel> parcels;  // the first is under way
    std::string lane;            // of the last parcel: its connection may be open still
    relay::Phase phase = relay::Phase::connecting;
    Milliseconds last_progress{0};
    bool timed_out = false;
  };
  Slot& best_for(const std::string& lane);
  bool start(Slot& slot, Milliseconds now);
  void take_news(Slot& slot, SenderNews& news, Milliseconds now);
  void take_answer(Slot& slot, relay::Answer answer, SenderNews& news);
  void bury(Slot& slot, const process::Ended& ended, SenderNews& news, Milliseconds now);
  void give_back(std::deque<Parcel>& parcels, const std::string& why, SenderNews& news, Milliseconds now);

  WorkerKind kind_;
  int lock_;
  const log::Logger& logger_;
  std::vector<Slot> slots_;
  unsigned failures_ = 0;  // processes in a row that came to nothing
  Milliseconds not_before_{0};
  std::uint64_t died_ = 0;
};

}  // namespace tubepost::qrun
