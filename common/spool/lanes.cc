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

// A row for each lane, whatever is in it.
std::vector<LaneCount> read_lanes(const lmdb::ReadTransaction& read, const Tables& tables) {
  std::vector<LaneCount> found;
  lmdb::Cursor cursor = read.cursor(tables.parked);
  for (bool more = cursor.first(); more && found.size() < lanes_max; more = cursor.next()) {
    const std::uint64_t parked = cursor.value().size() == 8 ? lmdb::read_u64(cursor.value()) : 0;
    found.push_back({std::string(cursor.key()), parked, trouble_of(read, tables, cursor.key())});
  }
  return found;
}

}  // namespace

Result<std::vector<LaneCount>> Spool::lanes() const {
  return state_->environment.read(
      [&](lmdb::ReadTransaction& read) { return read_lanes(read, state_->tables); });
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

Result<std::optional<Timestamp>> Spool::oldest() const {
  return state_->environment.read([&](lmdb::ReadTransaction& read) -> std::optional<Timestamp> {
    lmdb::Cursor cursor = read.cursor(state_->tables.envelopes);
    for (bool more = cursor.first(); more; more = cursor.next())
      if (const auto envelope = decode_envelope(cursor.value())) return envelope->accepted;
    return std::nullopt;
  });
}

Result<Totals> Spool::totals() const {
  return state_->environment.read(
      [&](lmdb::ReadTransaction& read) { return read_totals(read, state_->tables); });
}

}  // namespace tubepost::spool
