// Who does what the Scheduler decides: delivers to mailboxes, sends to other servers. Processes, as a rule
// (worker_pool.h, sender_pool.h); played by nobody in a simulation (simulation.h).
//
// Threading: one thread; nothing here blocks. Times are since boot.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qrun/destinations.h"
#include "qrun/job.h"

namespace tubepost::qrun {

// What became of jobs since the last look. Each job is in exactly one list.
struct PoolNews {
  struct Crash {
    Job job;
    std::string how;  // "crashed (signal 11)", "said nothing for 10m"
  };
  std::vector<std::pair<Job, Answer>> answers;
  std::vector<Crash> crashes;
  std::vector<Job> given_back;  // nobody's fault: to be claimed again
  std::string why_given_back;
  Milliseconds pause{0};  // how long to wait before that
};

class Deliveries {
public:
  virtual ~Deliveries() = default;
  virtual void add(Job job) = 0;                                 // a job that crashed before runs alone
  virtual void forget(const std::vector<JobKey>& recorded) = 0;  // see job.h
  // Everything that can be done now: start processes, write, read, judge the dead and the silent.
  virtual PoolNews work(Milliseconds now, Milliseconds job_timeout) = 0;
  // From now on no process is started and no job given; those that no process has come back.
  virtual std::vector<Job> stop() = 0;
  virtual void end() = 0;  // each process ends when it has done what it was given

  virtual std::size_t jobs() const = 0;  // waiting and given
  bool is_idle() const { return jobs() == 0; }
  virtual bool has_ended() const = 0;  // after end(): no process is left
  virtual bool is_broken() const = 0;
  virtual std::uint64_t died() const = 0;
  // When work() must be called though no descriptor is ready.
  virtual std::optional<Milliseconds> next_look(Milliseconds job_timeout) const = 0;
  virtual void add_to(std::vector<pollfd>& descriptors) const = 0;
};

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

class Senders {
public:
  virtual ~Senders() = default;
  virtual bool has_idle(Milliseconds now) const = 0;
  virtual void give(Parcel parcel, Milliseconds now) = 0;  // to an idle one; has_idle() was true
  // Lanes whose run goes on: of idle processes whose connection stands.
  virtual std::vector<std::string> lanes_to_stay(Milliseconds now) const = 0;
  // Lanes of busy processes in whose pipe there is room for one more; `in_run`: even where others wait.
  struct Room {
    std::string lane;
    bool in_run = false;
  };
  virtual std::vector<Room> lanes_with_room(Milliseconds now) const = 0;
  virtual void give_behind(Parcel parcel, Milliseconds now) = 0;
  virtual std::size_t connections(const std::string& lane) const = 0;
  // Connections that are counted and wait until their host answers.
  virtual std::size_t connecting() const = 0;

  virtual SenderNews work(Milliseconds now, Milliseconds silence) = 0;
  // Each process sees the end of its jobs: it breaks off before the final dot, or waits for the reply after it.
  virtual void end() = 0;
  virtual bool is_idle() const = 0;
  virtual bool has_ended() const = 0;
  virtual Milliseconds not_before() const = 0;  // until then none is started
  virtual std::optional<Milliseconds> next_look(Milliseconds silence) const = 0;
  virtual void add_to(std::vector<pollfd>& descriptors) const = 0;
};

}  // namespace tubepost::qrun
