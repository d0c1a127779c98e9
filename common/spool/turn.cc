// A turn of qrun: outcomes in, claims out, in one transaction.
#include <algorithm>

#include "spool/body_state.h"
#include "spool/edit.h"
#include "spool/intake.h"
#include "spool/outcome.h"
#include "spool/read.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t debts_max = 1000;  // of one turn; the others are reported by the next

// The mail that each outcome generated, encoded and (large bodies) on disk before the transaction begins.
using Generation = std::vector<Intake>;

// ---- claiming

std::vector<DueKey> due_now(const lmdb::ReadTransaction& read, const Tables& tables, Timestamp now,
                            std::size_t most) {
  std::vector<DueKey> due;
  lmdb::Cursor cursor = read.cursor(tables.due);
  for (bool more = most > 0 && cursor.first(); more && due.size() < most; more = cursor.next()) {
    const auto key = parse_due_key(cursor.key());
    if (!key || key->time > now) break;
    due.push_back(*key);
  }
  return due;
}

// Why nothing is sent to `address` now; empty: it is.
std::string suppression_of(const lmdb::ReadTransaction& read, const Tables& tables, std::string_view address,
                           Timestamp now) {
  if (read.count(tables.suppressed) == 0) return {};
  const std::string key = address_key(address);
  const auto value = key.empty() ? std::nullopt : read.get(tables.suppressed, key);
  const auto found = value ? decode_suppression(key, *value) : std::nullopt;
  if (!found || found->bounces < suppressing_bounces || found->until <= now) return {};
  return "it bounced " + std::to_string(found->bounces) + " times, last at " + to_rfc3339(found->last) +
         ": " + found->text;
}

std::optional<Claim> claim(Editor& edit, lmdb::WriteTransaction& write, const Tables& tables,
                           const DueKey& due) {
  const auto before = edit.recipient(due.id, due.number);
  const bool waits = before && (before->state == State::queued || before->state == State::deferred);
  if (!waits || before->next != due.time) {
    // A damaged record, or an index that does not agree with it: check() tells. It must not stop the queue.
    write.erase(tables.due, due_key(due.time, due.id, due.number));
    return std::nullopt;
  }
  Recipient after = *before;
  auto envelope = edit.envelope(due.id);
  if (!envelope) {
    after.state = State::held;
    after.reason = "the envelope is damaged or gone";
    edit.change(due.id, *before, after);
    return std::nullopt;
  }
  after.state = State::working;
  after.parked = false;
  // A delay that is over is not told of any more.
  after.owed = Owed::nothing;
  ++after.attempts;
  edit.change(due.id, *before, after);
  std::string suppressed = suppression_of(write, tables, after.address, edit.now());
  return Claim{due.id, std::move(after), std::move(envelope), false, std::move(suppressed)};
}

// ---- lanes

// Beyond them each counts for itself: a turn is one transaction.
constexpr std::size_t together_max = 4'000;

// The keys of the next message of the sender `flow` or of one behind it; the recipients of one message travel
// together. Empty: there is none behind.
std::vector<std::string> next_of_flow(const lmdb::ReadTransaction& read, const Tables& tables,
                                      const std::string& prefix, std::uint32_t flow, std::size_t most) {
  std::vector<std::string> keys;
  std::string from = prefix;
  lmdb::append_u32(from, flow);
  lmdb::Cursor cursor = read.cursor(tables.lanes);
  std::optional<SpoolId> id;
  for (bool more = cursor.seek(from); more && keys.size() < most && cursor.key().starts_with(prefix);
       more = cursor.next()) {
    const auto key = parse_lane_key(cursor.key());
    if (!key || (id && key->id != *id)) break;
    id = key->id;
    keys.emplace_back(cursor.key());
  }
  return keys;
}

struct LaneClaims {
  Editor& edit;
  lmdb::WriteTransaction& write;
  const Tables& tables;
  Turn& turn;

  void take(const std::string& lane_entry) {
    const auto key = parse_lane_key(lane_entry);
    const auto parked = key ? edit.recipient(key->id, key->number) : std::nullopt;
    const std::size_t before = turn.claims.size();
    if (parked && parked->parked) {
      if (auto claimed = claim(edit, write, tables, {parked->next, key->id, key->number})) {
        claimed->from_lane = true;
        turn.claims.push_back(std::move(*claimed));
      }
    }
    // An index that does not agree with its record must not be found for ever.
    if (turn.claims.size() == before) write.erase(tables.lanes, lane_entry);
  }

  // One message of each sender in turn, as often as there is room.
  void serve(const LaneWish& wish) {
    const std::string prefix = lane_prefix(wish.lane);
    LaneNews news{wish.lane, wish.flow, false};
    for (std::size_t taken = 0; taken < wish.most && !news.empty;) {
      const bool together = wish.together > 1 && turn.claims.size() < together_max;
      const auto keys =
          next_of_flow(write, tables, prefix, news.flow, together ? wish.together : wish.most - taken);
      for (const std::string& key : keys) take(key);
      taken += together ? std::size_t{1} : keys.size();
      const auto last = keys.empty() ? std::nullopt : parse_lane_key(keys.back());
      news.empty = !last && news.flow == 0;
      news.flow = last ? last->flow + 1 : 0;  // behind the last sender the round begins anew
    }
    turn.lanes.push_back(std::move(news));
  }
};

void remember(lmdb::WriteTransaction& write, const Tables& tables, const Destination& destination) {
  if (destination.failures == 0)
    write.erase(tables.destinations, destination.name);
  else
    write.put(tables.destinations, destination.name, encode(destination));
}

// ---- debts

// RFC 3464 wants one DSN for what failed together: a round ends when nobody of the message is in delivery, or
// about to be.
std::optional<Debt> debt_at_end_of_round(const lmdb::ReadTransaction& read, const Tables& tables,
                                         const SpoolId& id, Timestamp now) {
  if (read.cursor(tables.working).seek_prefix(id.bytes())) return std::nullopt;
  Debt debt{id, nullptr, {}};
  for (Recipient& recipient : read_recipients(read, tables, id)) {
    const bool waits = recipient.state == State::queued || recipient.state == State::deferred;
    if (waits && recipient.next <= now) return std::nullopt;
    if (recipient.owed != Owed::nothing) debt.owed.push_back(std::move(recipient));
  }
  auto envelope = read_envelope(read, tables, id);
  if (!envelope || debt.owed.empty()) return std::nullopt;
  debt.envelope = std::make_shared<const Envelope>(std::move(*envelope));
  return debt;
}

std::vector<Debt> debts_of(const lmdb::ReadTransaction& read, const Tables& tables, Timestamp now) {
  std::vector<Debt> debts;
  lmdb::Cursor cursor = read.cursor(tables.debts);
  for (bool more = cursor.first(); more && debts.size() < debts_max; more = cursor.next()) {
    auto debt = debt_at_end_of_round(read, tables, SpoolId::from_bytes(cursor.key()), now);
    if (debt) debts.push_back(std::move(*debt));
  }
  return debts;
}

std::optional<Timestamp> next_due_after(const lmdb::ReadTransaction& read, const Tables& tables,
                                        Timestamp now) {
  std::string later;
  lmdb::append_u64(later, to_u64(now) + 1);
  lmdb::Cursor cursor = read.cursor(tables.due);
  if (!cursor.seek(later)) return std::nullopt;
  return to_timestamp(lmdb::read_u64(cursor.key()));
}

Result<void> record_all(Editor& edit, lmdb::WriteTransaction& write, const Tables& tables,
                        const std::string& bodies_folder, const std::vector<Outcome>& outcomes,
                        const std::vector<Generation>& generated) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!record(edit, outcomes[i])) continue;
    for (const Intake& intake : generated[i]) {
      auto inserted = intake.insert(write, tables, bodies_folder);
      if (!inserted) return std::move(inserted).error();
    }
  }
  return {};
}

}  // namespace

Result<Turn> Spool::turn(const std::vector<Outcome>& outcomes, Timestamp now, std::size_t most,
                         const LaneWork& lanes) {
  const State& s = *state_;
  std::vector<Generation> generated(outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    for (const Generated& mail : outcomes[i].generated) {
      auto intake = Intake::make(mail, s.new_body(), now);
      if (!intake)
        return std::move(intake).error().while_doing("mail generated by " + outcomes[i].id.to_text());
      generated[i].push_back(std::move(*intake));
    }
  }
  Turn result;
  // An idle qrun must cost no fsync: whether there is anything to write is found out by reading.
  auto anything_due = s.environment.read(
      [&](lmdb::ReadTransaction& read) { return !due_now(read, s.tables, now, most > 0).empty(); });
  if (!anything_due) return std::move(anything_due).error();
  if (!outcomes.empty() || *anything_due || !lanes.wishes.empty() || !lanes.changed.empty()) {
    auto written = state_->environment.write([&](lmdb::WriteTransaction& write) -> Result<void> {
      result = {};
      Editor edit(write, s.tables, now);
      if (auto recorded = record_all(edit, write, s.tables, s.bodies_folder, outcomes, generated); !recorded)
        return recorded;
      s.at_step("turn: recorded");
      for (const DueKey& due : due_now(write, s.tables, now, most)) {
        if (auto claimed = claim(edit, write, s.tables, due)) result.claims.push_back(std::move(*claimed));
      }
      for (const LaneWish& wish : lanes.wishes) LaneClaims{edit, write, s.tables, result}.serve(wish);
      for (const Destination& destination : lanes.changed) remember(write, s.tables, destination);
      edit.finish();
      s.at_step("turn: claimed");
      return {};
    });
    if (!written) return std::move(written).error();
    s.at_step("turn: committed");
  }
  auto looked = s.environment.read([&](lmdb::ReadTransaction& read) {
    result.debts = debts_of(read, s.tables, now);
    result.next_due = next_due_after(read, s.tables, now);
  });
  if (!looked) return std::move(looked).error();
  return result;
}

}  // namespace tubepost::spool
