#include "qrun/destinations.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/text.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t wishes_max = 200;          // lanes asked for in one turn
constexpr std::size_t parcels_a_connection = 4;  // asked for ahead
constexpr std::chrono::seconds longest_pause{3600};
constexpr int jitter_percent = 10;

}  // namespace

void Destinations::restore(const std::vector<spool::Destination>& in_trouble,
                           const std::vector<spool::LaneCount>& lanes) {
  for (const spool::Destination& one : in_trouble) lanes_[one.name].trouble = one;
  for (const spool::LaneCount& one : lanes) parked(one.lane);
}

const Destinations::Lane* Destinations::find(const std::string& lane) const {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? nullptr : &found->second;
}

// ---- in hand or parked

bool Destinations::takes(const std::string& name, bool urgent, Timestamp now) const {
  const Lane* lane = find(name);
  if (waiting_ + announced_ >= limits_.in_hand) return false;
  if (!lane) return true;
  if (!lane->is_down()) return lane->waiting + lane->announced < limits_.in_hand_of_one;
  return !lane->is_busy() && (urgent || now >= lane->trouble.probe);
}

std::string Destinations::why_parked(const std::string& name) const {
  const Lane* lane = find(name);
  if (!lane || !lane->is_down()) return "waits for its turn: much mail is on its way to " + name;
  return name + " is not tried for now, it failed " + std::to_string(lane->trouble.failures) +
         " times; last: " + lane->trouble.text;
}

std::optional<Timestamp> Destinations::failed_at(const std::string& name) const {
  const Lane* lane = find(name);
  return lane && lane->is_down() ? std::optional(lane->trouble.failed) : std::nullopt;
}

void Destinations::parked(const std::string& name) {
  lanes_[name].parked = true;
  parked_.insert(name);
}

void Destinations::announce(const std::string& name) {
  ++lanes_[name].announced;
  ++announced_;
}

void Destinations::add(Parcel parcel) {
  const std::string name = parcel.lane, sender = parcel.job.sender;
  Lane& lane = lanes_[name];
  if (lane.waiting == 0) ready_.push_back(name);
  if (lane.announced > 0) --lane.announced, --announced_;
  lane.by_sender[sender].push_back(std::move(parcel));
  ++lane.waiting;
  ++waiting_;
}

// ---- out of hand

std::size_t Destinations::limit_of(const Lane& lane) const {
  if (lane.is_down()) return 1;
  // One connection stays free, so that a slow destination never holds up the others (L4).
  const std::size_t most = limits_.connections > 1 ? limits_.connections - 1 : 1;
  return std::min({lane.window, limits_.of_one, most});
}

Parcel Destinations::take_from(Lane& lane) {
  auto sender = lane.by_sender.upper_bound(lane.last_sender);
  if (sender == lane.by_sender.end()) sender = lane.by_sender.begin();
  Parcel parcel = std::move(sender->second.front());
  sender->second.pop_front();
  lane.last_sender = sender->first;
  if (sender->second.empty()) lane.by_sender.erase(sender);
  --lane.waiting;
  --waiting_;
  ++lane.out;
  return parcel;
}

std::optional<Parcel> Destinations::next(
    const std::function<std::size_t(const std::string& lane)>& connections) {
  for (std::size_t looked = ready_.size(); looked > 0; --looked) {
    const std::string name = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_[name];
    if (lane.waiting == 0) continue;
    if (connections(name) >= limit_of(lane)) {
      ready_.push_back(name);
      continue;
    }
    Parcel parcel = take_from(lane);
    if (lane.waiting > 0) ready_.push_back(name);
    return parcel;
  }
  return std::nullopt;
}

std::optional<Parcel> Destinations::next_behind(const std::string& name) {
  if (ready_.size() != 1 || ready_.front() != name) return std::nullopt;
  Lane& lane = lanes_[name];
  if (lane.waiting == 0 || !lane.proven || lane.is_down()) return std::nullopt;
  Parcel parcel = take_from(lane);
  if (lane.waiting == 0) ready_.clear();
  return parcel;
}

std::vector<Parcel> Destinations::empty(Lane& lane) {
  std::vector<Parcel> parcels;
  for (auto& [sender, queue] : lane.by_sender)
    std::move(queue.begin(), queue.end(), std::back_inserter(parcels));
  lane.by_sender.clear();
  waiting_ -= lane.waiting;
  lane.waiting = 0;
  return parcels;
}

std::vector<Parcel> Destinations::take_all() {
  std::vector<Parcel> parcels;
  for (auto& [name, lane] : lanes_) {
    auto some = empty(lane);
    std::move(some.begin(), some.end(), std::back_inserter(parcels));
  }
  ready_.clear();
  return parcels;
}

// ---- how it does

std::vector<Parcel> Destinations::answered(const Parcel& parcel, relay::Trouble trouble,
                                           const std::string& text, Timestamp now) {
  Lane& lane = lanes_[parcel.lane];
  if (lane.out > 0) --lane.out;
  if (trouble == relay::Trouble::none) {
    success(lane);
    forget_if_idle(parcel.lane);
    return {};
  }
  lane.window = std::max<std::size_t>(1, lane.window / 2);
  lane.proven = false;
  lane.successes = 0;
  // It had enough of us, perhaps, while other connections to it go on.
  if (trouble == relay::Trouble::session && lane.out > 0 && !lane.is_down()) return {};
  failure(lane, parcel, text, now);
  auto others = empty(lane);
  std::erase(ready_, parcel.lane);
  return others;
}

void Destinations::given_back(const Parcel& parcel) {
  Lane& lane = lanes_[parcel.lane];
  if (lane.out > 0) --lane.out;
}

void Destinations::success(Lane& lane) {
  if (lane.is_down()) {
    recovered_.push_back(lane.trouble);
    recovered_.back().failures = 0;
    changed_.erase(lane.trouble.name);
    lane.trouble = {};
  }
  lane.proven = true;
  if (++lane.successes < lane.window) return;
  lane.successes = 0;
  lane.window = std::min(lane.window + 1, limits_.of_one);
}

void Destinations::failure(Lane& lane, const Parcel& parcel, const std::string& text, Timestamp now) {
  spool::Destination& trouble = lane.trouble;
  // Answers of several connections that broke together are one failure.
  if (trouble.failures > 0 && parcel.begun <= trouble.failed) return;
  trouble.name = parcel.lane;
  ++trouble.failures;
  trouble.failed = parcel.begun;
  trouble.text = printable(text, 400);
  trouble.probe = now + pause_of(trouble);
  changed_.insert(parcel.lane);
}

// The steps of the retry schedule, an hour at most, each moved by up to a tenth, so that a thousand destinations
// that failed together are not probed together.
Milliseconds Destinations::pause_of(const spool::Destination& trouble) const {
  const std::size_t step = std::min<std::size_t>(trouble.failures, limits_.back_off.size()) - 1;
  const Milliseconds plain = std::min(limits_.back_off[step], longest_pause);
  const std::uint64_t spread = crc32c(std::to_string(trouble.failures), crc32c(trouble.name));
  const auto percent = static_cast<std::int64_t>(spread % (2 * jitter_percent + 1)) - jitter_percent;
  return plain + plain * percent / 100;
}

void Destinations::forget_if_idle(const std::string& name) {
  constexpr std::size_t remembered_max = 20'000;
  const auto found = lanes_.find(name);
  if (lanes_.size() <= remembered_max || found == lanes_.end()) return;
  const Lane& lane = found->second;
  if (!lane.is_busy() && !lane.parked && !lane.is_down()) lanes_.erase(found);
}

// ---- the spool's lanes

std::size_t Destinations::wish_of(const Lane& lane, Timestamp now) const {
  if (lane.is_down()) return now >= lane.trouble.probe && !lane.is_busy() ? 1 : 0;
  const std::size_t ahead = parcels_a_connection * std::max<std::size_t>(limit_of(lane), 1);
  return lane.waiting * 2 < ahead ? ahead - lane.waiting : 0;
}

std::vector<spool::LaneWish> Destinations::wishes(Timestamp now) const {
  std::vector<spool::LaneWish> all;
  std::size_t room = limits_.in_hand - std::min(limits_.in_hand, waiting_);
  for (const std::string& name : parked_) {
    const Lane* lane = find(name);
    const std::size_t most = lane ? std::min(wish_of(*lane, now), room) : 0;
    if (most == 0) continue;
    all.push_back({name, most, lane->flow});
    room -= most;
    if (all.size() == wishes_max) break;
  }
  return all;
}

std::vector<spool::Destination> Destinations::take_changed() {
  auto all = std::exchange(recovered_, {});
  for (const std::string& name : changed_) all.push_back(lanes_[name].trouble);
  changed_.clear();
  return all;
}

void Destinations::found(const std::vector<spool::LaneNews>& news) {
  for (const spool::LaneNews& one : news) {
    Lane& lane = lanes_[one.lane];
    lane.flow = one.flow;
    if (!one.empty) continue;
    lane.parked = false;
    parked_.erase(one.lane);
  }
}

std::optional<Timestamp> Destinations::next_probe() const {
  std::optional<Timestamp> next;
  for (const std::string& name : parked_) {
    const Lane* lane = find(name);
    if (!lane || !lane->is_down() || lane->is_busy()) continue;
    next = next ? std::min(*next, lane->trouble.probe) : lane->trouble.probe;
  }
  return next;
}

}  // namespace tubepost::qrun
