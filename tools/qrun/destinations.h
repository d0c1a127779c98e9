// Who is sent to next: the mail in hand of each destination, and what is known of how it does. Fair between
// destinations and, within one, between senders (round robin); a destination has one connection until it has
// answered, more with success and fewer with trouble; one that is down is probed with one message at times of its own,
// and its other mail stays parked in its lane of the spool (spool/spool.h, LaneWish), where it costs nothing.
//
// No I/O and no clock: times are given. Threading: one thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "relay/job.h"
#include "spool/spool.h"

namespace tubepost::qrun {

// One message for one destination.
struct Parcel {
  std::string lane;
  relay::Job job;
  std::vector<spool::Claim> claims;  // as many as the job has recipients, in the same order
  Timestamp begun;                   // when it was claimed
  bool long_life = false;            // for a domain we are the secondary of (O10)
};

class Destinations {
public:
  struct Limits {
    std::size_t connections = 2;                 // in all (L4)
    std::size_t of_one = 20;                     // to one destination at the most
    std::size_t in_hand = 4'000;                 // parcels in all
    std::size_t in_hand_of_one = 1'000;          // and of one destination
    std::vector<std::chrono::seconds> back_off;  // of a destination that is down; the last is repeated
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  explicit Destinations(Limits limits) : limits_(std::move(limits)) {}
  void set_limits(Limits limits);

  // At start: what the spool remembers.
  void restore(const std::vector<spool::Destination>& in_trouble, const std::vector<spool::LaneCount>& lanes);

  // Whether mail for `lane` is taken in hand now; else it is to be parked. `urgent`: somebody asked for it, so
  // that a destination that is down is probed before its time.
  bool takes(const std::string& lane, bool urgent, Timestamp now) const;
  std::string why_parked(const std::string& lane) const;
  void parked(const std::string& lane);  // somebody was
  // When the last attempt at it failed; nullopt: it does well.
  std::optional<Timestamp> failed_at(const std::string& lane) const;
  void announce(const std::string& lane);  // a parcel for it will be added: it counts already
  void add(Parcel parcel);

  // The next parcel whose destination may have one connection more; `connections`: how many it has. `connecting`: so many
  // are not connected yet. They may be to hosts that swallow everything, so that not all may be of destinations which
  // have not been seen to answer.
  std::optional<Parcel> next(const std::function<std::size_t(const std::string& lane)>& connections,
                             std::size_t connecting = 0);
  // One more for a connection that `lane` has already.
  std::optional<Parcel> next_of(const std::string& lane);
  // Whether nobody waits but `lane`.
  bool is_alone(const std::string& lane) const;

  // What became of a parcel that next() gave. In trouble the others in hand come back, to be parked.
  std::vector<Parcel> answered(const Parcel& parcel, relay::Trouble trouble, const std::string& text,
                               Timestamp now);
  void given_back(const Parcel& parcel);  // nothing was learned of its destination
  std::vector<Parcel> take_all();         // what is in hand and not given out

  // What the next turn is to claim from lanes, and to remember; and what it found. However many lanes there are,
  // only those are looked at of which something is wanted; the round among them goes on where it ended.
  std::vector<spool::LaneWish> wishes(Timestamp now);
  std::vector<spool::Destination> take_changed();
  void found(const std::vector<spool::LaneNews>& news);
  bool has_wishes(Timestamp now) const;
  std::optional<Timestamp> next_probe() const;  // of a destination that is down and has somebody parked

  std::size_t waiting() const { return waiting_; }

private:
  struct Lane {
    std::map<std::string, std::deque<Parcel>> by_sender;
    std::string last_sender;  // served last
    std::size_t waiting = 0, out = 0, announced = 0;
    std::size_t window = 2, successes = 0;  // how many connections it may have; successes since it grew
    bool proven = false;                    // it answered well last
    bool parked = false, is_ready = false;
    std::uint32_t flow = 0;
    spool::Destination trouble;
    bool is_hungry = false;          // as filed in hungry_
    std::optional<Timestamp> probe;  // as filed in probes_
    bool is_down() const { return trouble.failures > 0; }
    bool is_busy() const { return waiting + out + announced > 0; }
    std::size_t in_hand() const { return waiting + announced; }
  };

  const Lane* find(const std::string& lane) const;
  std::size_t limit_of(const Lane& lane) const;
  std::size_t ahead_of(const Lane& lane) const;
  std::size_t room() const;
  std::size_t share(std::size_t room) const;  // of one that does well, while there is so much room
  void file(const std::string& name, Lane& lane);
  Parcel take_from(const std::string& name, Lane& lane);
  std::vector<Parcel> empty(Lane& lane);
  void success(Lane& lane);
  void failure(Lane& lane, const Parcel& parcel, const std::string& text, Timestamp now);
  Milliseconds pause_of(const spool::Destination& trouble) const;
  void forget_if_idle(const std::string& name);

  Limits limits_;
  std::unordered_map<std::string, Lane> lanes_;
  std::deque<std::string> ready_;  // lanes with mail in hand, each once, in the order they are served
  // Of the lanes in which somebody is parked: those that do well and of which little is in hand, and those that are
  // down, by the time of their probe.
  std::set<std::string> hungry_;
  std::set<std::pair<Timestamp, std::string>> probes_;
  std::string served_last_;  // of hungry_
  bool sated_ =
      false;  // each of hungry_ has its share in hand: until one of them grows hungry, or a parcel leaves
  std::set<std::string> changed_;
  std::vector<spool::Destination> recovered_;  // to be forgotten by the spool
  std::size_t waiting_ = 0, announced_ = 0;
};

}  // namespace tubepost::qrun
