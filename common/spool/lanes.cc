// Looking at destinations: which lanes there are, which do not do well, which addresses are suppressed.
#include "spool/state.h"
#include "spool/totals_change.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t lanes_max = 200'000;  // more are not told of at one time

std::optional<Destination> trouble_of(const lmdb::ReadTransaction& read, const Tables& tables,
                                      std::string_view lane) {
  const auto value = read.get(tables.destinations, lane);
  return value ? decode_destination(lane, *value) : std::nullopt;
}

// Each lane is one seek; what is in it is passed over, or counted.
std::vector<LaneCount> read_lanes(const lmdb::ReadTransaction& read, const Tables& tables,
                                  std::size_t count_max) {
  std::vector<LaneCount> found;
  lmdb::Cursor cursor = read.cursor(tables.lanes);
  for (bool more = cursor.first(); more && found.size() < lanes_max;) {
    const auto key = parse_lane_key(cursor.key());
    if (!key) {
      more = cursor.next();
      continue;
    }
    LaneCount lane{std::string(key->lane), 0, trouble_of(read, tables, key->lane)};
    const std::string prefix = lane_prefix(lane.lane);
    for (; lane.parked < count_max && more && cursor.key().starts_with(prefix); more = cursor.next())
      ++lane.parked;
    if (more && cursor.key().starts_with(prefix)) more = cursor.seek(lane.lane + '\x01');
    found.push_back(std::move(lane));
  }
  return found;
}

}  // namespace

Result<std::vector<LaneCount>> Spool::lanes(std::size_t count_max) const {
  return state_->environment.read(
      [&](lmdb::ReadTransaction& read) { return read_lanes(read, state_->tables, count_max); });
}

Result<std::vector<Destination>> Spool::destinations() const {
  return state_->environment.read([&](lmdb::ReadTransaction& read) {
    std::vector<Destination> found;
    lmdb::Cursor cursor = read.cursor(state_->tables.destinations);
    for (bool more = cursor.first(); more && found.size() < lanes_max; more = cursor.next()) {
      if (auto one = decode_destination(cursor.key(), cursor.value())) found.push_back(std::move(*one));
    }
    return found;
  });
}

Result<std::vector<Suppression>> Spool::suppressions() const {
  return state_->environment.read([&](lmdb::ReadTransaction& read) {
    std::vector<Suppression> found;
    const Timestamp now = state_->clock.now();
    lmdb::Cursor cursor = read.cursor(state_->tables.suppressed);
    for (bool more = cursor.first(); more; more = cursor.next()) {
      auto one = decode_suppression(cursor.key(), cursor.value());
      if (one && one->until > now) found.push_back(std::move(*one));
    }
    return found;
  });
}

Result<bool> Spool::unsuppress(std::string_view address) {
  bool found = false;
  const std::string key = address_key(address);
  if (key.empty() || key.size() > 500) return false;
  auto done = state_->commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        found = write.erase(state_->tables.suppressed, key);
        return {};
      },
      0);
  if (!done) return std::move(done).error();
  return found;
}

Result<Totals> Spool::totals() const {
  return state_->environment.read(
      [&](lmdb::ReadTransaction& read) { return read_totals(read, state_->tables); });
}

}  // namespace tubepost::spool
