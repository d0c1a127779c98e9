#include "qrun/destinations.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/text.h"
#include "relay/said.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t wishes_max = 200;          // lanes asked for in one turn
constexpr std::size_t probes_max = 100;          // of them such as are down
constexpr std::size_t parcels_a_connection = 4;  // asked for ahead
constexpr std::chrono::seconds longest_back_off{3600};
constexpr int jitter_percent = 10;
constexpr std::size_t tries_percent = 75;  // of the connections; the others are for who is known to answer

}  // namespace

void Destinations::restore(const std::vector<spool::Destination>& in_trouble,
                           const std::vector<spool::LaneCount>& lanes) {
  for (const spool::Destination& one : in_trouble) {
    lanes_[one.name].trouble = one;
    file(one.name, lanes_[one.name]);
  }
  for (const spool::LaneCount& one : lanes) parked(one.lane);
}

const Destinations::Lane* Destinations::find(const std::string& lane) const {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? nullptr : &found->second;
}

void Destinations::set_limits(Limits limits) {
  if (limits == limits_) return;
  limits_ = std::move(limits);
  sated_ = false;
  for (auto& [name, lane] : lanes_) file(name, lane);
}

// ---- in hand or parked

std::size_t Destinations::room() const {
  return limits_.in_hand - std::min(limits_.in_hand, waiting_ + announced_);
}

// Nobody has more in hand than what is left for all the others, and a part is only for those that have little: so there
// is room for one of them however many have much.
std::size_t Destinations::share(std::size_t room) const {
  if (room == 0) return 0;
  const std::size_t reserve = limits_.in_hand / 4, common = room > reserve ? room - reserve : 0;
  return std::max(parcels_a_connection, std::min(limits_.in_hand_of_one, common));
}

bool Destinations::takes(const std::string& name, bool urgent, Timestamp now) const {
  const Lane* lane = find(name);
  if (!lane) return room() > 0;
  if (!lane->is_down()) return lane->in_hand() < share(room());
  return room() > 0 && !lane->is_busy() && (urgent || now >= lane->trouble.probe);
}

std::string Destinations::why_parked(const std::string& name) const {
  const Lane* lane = find(name);
  if (!lane || !lane->is_down()) return "waits for its turn: much mail is on its way to " + name;
  return relay::why_not_tried(name, lane->trouble.failures, lane->trouble.text);
}

std::optional<Timestamp> Destinations::failed_at(const std::string& name) const {
  const Lane* lane = find(name);
  return lane && lane->is_down() ? std::optional(lane->trouble.failed) : std::nullopt;
}

void Destinations::parked(const std::string& name) {
  Lane& lane = lanes_[name];
  lane.parked = true;
  file(name, lane);
}

void Destinations::announce(const std::string& name) {
  Lane& lane = lanes_[name];
  ++lane.announced;
  ++announced_;
  file(name, lane);
}

void Destinations::add(Parcel parcel) {
  const std::string name = parcel.lane, sender = parcel.job.sender;
  Lane& lane = lanes_[name];
  if (!lane.is_ready) ready_.push_back(name);
  lane.is_ready = true;
  if (lane.announced > 0) --lane.announced, --announced_;
  lane.by_sender[sender].push_back(std::move(parcel));
  ++lane.waiting;
  ++waiting_;
  file(name, lane);
}

// ---- out of hand

std::size_t Destinations::limit_of(const Lane& lane) const {
  // A host that swallows everything takes one connection and not two.
  if (lane.is_down() || !lane.proven) return 1;
  // One connection stays free, so that a slow destination never holds up the others (L4).
  const std::size_t most = limits_.connections > 1 ? limits_.connections - 1 : 1;
  return std::min({lane.window, limits_.of_one, most});
}

Parcel Destinations::take_from(const std::string& name, Lane& lane) {
  auto sender = lane.by_sender.upper_bound(lane.last_sender);
  if (sender == lane.by_sender.end()) sender = lane.by_sender.begin();
  Parcel parcel = std::move(sender->second.front());
  sender->second.pop_front();
  lane.last_sender = sender->first;
  if (sender->second.empty()) lane.by_sender.erase(sender);
  --lane.waiting;
  --waiting_;
  sated_ = false;
  ++lane.out;
  file(name, lane);
  return parcel;
}

std::optional<Parcel> Destinations::next(
    const std::function<std::size_t(const std::string& lane)>& connections, std::size_t connecting) {
  const bool may_try = connecting < std::max<std::size_t>(limits_.connections * tries_percent / 100, 1);
  for (std::size_t looked = ready_.size(); looked > 0; --looked) {
    const std::string name = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_[name];
    lane.is_ready = lane.waiting > 0;
    if (lane.waiting == 0) continue;
    if ((!may_try && !lane.proven) || connections(name) >= limit_of(lane)) {
      ready_.push_back(name);
      continue;
    }
    Parcel parcel = take_from(name, lane);
    lane.is_ready = lane.waiting > 0;
    if (lane.is_ready) ready_.push_back(name);
    return parcel;
  }
  return std::nullopt;
}

std::optional<Parcel> Destinations::next_of(const std::string& name) {
  const auto found = lanes_.find(name);
  if (found == lanes_.end()) return std::nullopt;
  Lane& lane = found->second;
  // Its place among the ready ones is found empty, if it is, when its turn comes.
  if (lane.waiting == 0 || !lane.proven || lane.is_down()) return std::nullopt;
  return take_from(name, lane);
}

bool Destinations::is_alone(const std::string& name) const {
  const Lane* lane = find(name);
  return lane && lane->waiting == waiting_;
}

std::vector<Parcel> Destinations::empty(Lane& lane) {
  std::vector<Parcel> parcels;
  for (auto& [sender, queue] : lane.by_sender)
    std::move(queue.begin(), queue.end(), std::back_inserter(parcels));
  lane.by_sender.clear();
  waiting_ -= lane.waiting;
  lane.waiting = 0;
  sated_ = false;
  return parcels;
}

std::vector<Parcel> Destinations::take_all() {
  std::vector<Parcel> parcels;
  for (auto& [name, lane] : lanes_) {
    auto some = empty(lane);
    std::move(some.begin(), some.end(), std::back_inserter(parcels));
    lane.is_ready = false;
    file(name, lane);
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
    file(parcel.lane, lane);
    forget_if_idle(parcel.lane);
    return {};
  }
  lane.window = std::max<std::size_t>(1, lane.window / 2);
  lane.proven = false;
  lane.successes = 0;
  // It had enough of us, perhaps, while other connections to it go on.
  if (trouble == relay::Trouble::session && lane.out > 0 && !lane.is_down())
    return file(parcel.lane, lane), std::vector<Parcel>();
  failure(lane, parcel, text, now);
  auto others = empty(lane);
  file(parcel.lane, lane);
  return others;
}

void Destinations::given_back(const Parcel& parcel) {
  Lane& lane = lanes_[parcel.lane];
  if (lane.out > 0) --lane.out;
  file(parcel.lane, lane);
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
  const Milliseconds plain = std::min(limits_.back_off[step], longest_back_off);
  const std::uint64_t spread = crc32c(std::to_string(trouble.failures), crc32c(trouble.name));
  const auto percent = static_cast<std::int64_t>(spread % (2 * jitter_percent + 1)) - jitter_percent;
  return plain + plain * percent / 100;
}

void Destinations::forget_if_idle(const std::string& name) {
  constexpr std::size_t remembered_max = 20'000;
  const auto found = lanes_.find(name);
  if (lanes_.size() <= remembered_max || found == lanes_.end()) return;
  const Lane& lane = found->second;
  if (!lane.is_busy() && !lane.parked && !lane.is_ready && !lane.is_down()) lanes_.erase(found);
}

// ---- the spool's lanes

// How many parcels are to be in hand, so that its connections never wait for a turn.
std::size_t Destinations::ahead_of(const Lane& lane) const {
  return parcels_a_connection * std::max<std::size_t>(limit_of(lane), 1);
}

// Called after every change of a lane: so it stands in the lists of wishes exactly as long as it has one.
void Destinations::file(const std::string& name, Lane& lane) {
  const bool hungry = lane.parked && !lane.is_down() && lane.waiting * 2 < ahead_of(lane);
  if (hungry && !lane.is_hungry) hungry_.insert(name), sated_ = false;
  if (!hungry && lane.is_hungry) hungry_.erase(name);
  lane.is_hungry = hungry;
  const auto probe =
      lane.parked && lane.is_down() && !lane.is_busy() ? std::optional(lane.trouble.probe) : std::nullopt;
  if (probe == lane.probe) return;
  if (lane.probe) probes_.erase({*lane.probe, name});
  if (probe) probes_.insert({*probe, name});
  lane.probe = probe;
}

bool Destinations::has_wishes(Timestamp now) const {
  return room() > 0 && ((!hungry_.empty() && !sated_) || (!probes_.empty() && probes_.begin()->first <= now));
}

std::vector<spool::LaneWish> Destinations::wishes(Timestamp now) {
  std::vector<spool::LaneWish> all;
  std::size_t left = room();
  for (auto probe = probes_.begin(); probe != probes_.end() && probe->first <= now; ++probe) {
    if (left == 0 || all.size() == probes_max) break;
    all.push_back({probe->second, 1, lanes_[probe->second].flow});
    --left;
  }
  auto next = hungry_.upper_bound(served_last_);
  for (std::size_t looked = hungry_.size(); looked > 0 && left > 0 && all.size() < wishes_max; --looked) {
    if (next == hungry_.end()) next = hungry_.begin();
    const Lane& lane = lanes_[*next];
    // More than takes() lets in would only be parked again.
    const std::size_t part = share(left) - std::min(share(left), lane.in_hand());
    const std::size_t most = std::min({ahead_of(lane) - lane.waiting, part, left});
    if (most > 0) all.push_back({*next, most, lane.flow, relay::recipients_max});
    left -= most;
    served_last_ = *next++;
  }
  sated_ = all.empty();
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
    if (one.empty) lane.parked = false;
    file(one.lane, lane);
  }
}

std::optional<Timestamp> Destinations::next_probe() const {
  return probes_.empty() ? std::nullopt : std::optional(probes_.begin()->first);
}

}  // namespace tubepost::qrun
