#include "spool/codec.h"
#include "spool/totals_change.h"

namespace tubepost::spool {
namespace {

constexpr std::string_view totals_key = "totals";

// A count that does not fit (a queue of an older program, damage) never goes below zero; check() mends it.
std::uint64_t changed(std::uint64_t value, std::int64_t by) {
  if (by >= 0) return value + static_cast<std::uint64_t>(by);
  const auto less = static_cast<std::uint64_t>(-by);
  return value < less ? 0 : value - less;
}

std::uint64_t number_of(std::optional<std::string_view> value) {
  return value && value->size() == 8 ? lmdb::read_u64(*value) : 0;
}

void put_lane_count(lmdb::WriteTransaction& write, const Tables& tables, const std::string& lane,
                    std::uint64_t count) {
  std::string value;
  lmdb::append_u64(value, count);
  count == 0 ? static_cast<void>(write.erase(tables.parked, lane)) : write.put(tables.parked, lane, value);
}

}  // namespace

Totals read_totals(const lmdb::ReadTransaction& read, const Tables& tables) {
  Totals totals;
  const auto value = read.get(tables.meta, totals_key);
  if (!value) return totals;
  RecordReader in(*value);
  in.number(totals.messages), in.number(totals.bytes);
  for (auto& count : totals.recipients) in.number(count);
  in.number(totals.came), in.number(totals.went);
  return in.ok() ? totals : Totals{};
}

void write_totals(lmdb::WriteTransaction& write, const Tables& tables, const Totals& totals) {
  RecordWriter out(96);
  out.number(totals.messages).number(totals.bytes);
  for (const auto count : totals.recipients) out.number(count);
  out.number(totals.came).number(totals.went);
  write.put(tables.meta, totals_key, out.take());
}

Totals count_totals(const lmdb::ReadTransaction& read, const Tables& tables) {
  Totals totals;
  lmdb::Cursor envelope = read.cursor(tables.envelopes);
  for (bool more = envelope.first(); more; more = envelope.next()) {
    ++totals.messages;
    if (const auto one = decode_envelope(envelope.value())) totals.bytes += one->size;
  }
  lmdb::Cursor recipient = read.cursor(tables.recipients);
  for (bool more = recipient.first(); more; more = recipient.next()) {
    if (const auto one = decode_recipient(0, recipient.value()))
      ++totals.recipients[static_cast<std::size_t>(one->state)];
  }
  return totals;
}

LaneCounts read_lane_counts(const lmdb::ReadTransaction& read, const Tables& tables) {
  LaneCounts counts;
  lmdb::Cursor cursor = read.cursor(tables.parked);
  for (bool more = cursor.first(); more; more = cursor.next())
    counts.emplace(cursor.key(), number_of(cursor.value()));
  return counts;
}

LaneCounts count_lanes(const lmdb::ReadTransaction& read, const Tables& tables) {
  LaneCounts counts;
  lmdb::Cursor cursor = read.cursor(tables.recipients);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const auto one = decode_recipient(0, cursor.value());
    const bool waits = one && (one->state == State::queued || one->state == State::deferred);
    if (waits && one->parked && !one->lane.empty()) ++counts[one->lane];
  }
  return counts;
}

void write_lane_counts(lmdb::WriteTransaction& write, const Tables& tables, const LaneCounts& counts) {
  for (const auto& [lane, count] : read_lane_counts(write, tables))
    if (!counts.contains(lane)) write.erase(tables.parked, lane);
  for (const auto& [lane, count] : counts) put_lane_count(write, tables, lane, count);
}

void TotalsChange::apply(lmdb::WriteTransaction& write, const Tables& tables) const {
  for (const auto& [lane, count] : parked)
    if (count != 0)
      put_lane_count(write, tables, lane, changed(number_of(write.get(tables.parked, lane)), count));
  bool any = messages != 0 || bytes != 0 || came != 0 || went != 0;
  for (const auto count : recipients) any = any || count != 0;
  if (!any) return;
  Totals totals = read_totals(write, tables);
  totals.messages = changed(totals.messages, messages);
  totals.bytes = changed(totals.bytes, bytes);
  totals.came += came;
  totals.went += went;
  for (std::size_t i = 0; i < states; ++i)
    totals.recipients[i] = changed(totals.recipients[i], recipients[i]);
  write_totals(write, tables, totals);
}

}  // namespace tubepost::spool
