// Accepting: from a message in memory to a durable one.
#include "spool/intake.h"

#include <cstring>
#include <unordered_set>

#include "spool/body_state.h"
#include "spool/state.h"
#include "spool/totals_change.h"

namespace tubepost::spool {
namespace {

// One acceptance is delivered once to each mailbox, however often the client named it.
void drop_repeated(std::vector<NewRecipient>& recipients) {
  if (recipients.size() < 2) return;
  std::unordered_set<std::string> seen;
  std::erase_if(recipients,
                [&](const NewRecipient& r) { return !seen.insert(address_key(r.address)).second; });
}

Event accepted_event(const Envelope& envelope, Timestamp now) {
  const std::string size = std::to_string(envelope.size), recipients = std::to_string(envelope.recipients);
  return {now, "accepted",
          words({{"role", envelope.origin.role},
                 {"from", envelope.reverse_path.empty() ? "<>" : envelope.reverse_path},
                 {"size", size},
                 {"recipients", recipients},
                 {"client", envelope.origin.client_address},
                 {"user", envelope.origin.auth_user}})};
}

}  // namespace

void Intake::add_recipient(const NewRecipient& recipient, std::uint32_t number, Timestamp due,
                           const std::string& hold) {
  Recipient full;
  static_cast<NewRecipient&>(full) = recipient;
  full.number = number;
  full.next = due;
  if (!hold.empty()) {
    full.state = State::held;
    full.reason = hold;
  }
  recipients.push_back(
      {recipient_key(id, number), encode(full), hold.empty() ? due_key(due, id, number) : std::string()});
}

Result<Intake> Intake::make(Message message, Timestamp now) {
  drop_repeated(message.recipients);
  if (message.recipients.empty())
    return Failure::permanent("a message without recipients cannot be accepted", {5, 5, 1});
  Envelope& envelope = message.envelope;
  envelope.accepted = now;
  envelope.size = message.body.size();
  envelope.recipients = static_cast<std::uint32_t>(message.recipients.size());
  Intake intake{message.id, std::move(message.body),       encode(envelope),
                {},         accepted_event(envelope, now), std::move(message.decisions)};
  intake.recipients.reserve(message.recipients.size());
  // RFC 4865 4: not before the time its sender set.
  for (std::uint32_t number = 0; number < envelope.recipients; ++number)
    intake.add_recipient(message.recipients[number], number, envelope.released(), message.hold);
  return intake;
}

Result<Intake> Intake::make(const Generated& generated, BodyWriter writer, Timestamp now) {
  writer.append(generated.content);
  auto body = writer.finish();
  if (!body) return std::move(body).error();
  return make({generated.id, generated.envelope, generated.recipients, std::move(*body)}, now);
}

std::size_t Intake::bytes() const {
  return (body.state_->is_beside() ? 0 : body.size()) + (recipients.size() + decisions.size()) * 512 + 1024;
}

Result<void> Intake::put_body(lmdb::WriteTransaction& transaction, const Tables& tables,
                              const std::string& bodies_folder) const {
  const Body::State& from = *body.state_;
  BodyHeader header{from.crc, from.size, id, from.is_beside() ? BodyHeader::beside : 0};
  if (from.is_beside()) {
    if (auto linked = link_body(bodies_folder, from.file.get(), id); !linked) return linked;
  }
  // Straight into the page: the only copy of a small body between the session's buffer and the disk.
  char* const to = transaction.reserve(tables.bodies, id.bytes(), BodyHeader::size + from.bytes.size());
  header.write(to);
  if (!from.bytes.empty()) std::memcpy(to + BodyHeader::size, from.bytes.data(), from.bytes.size());
  return {};
}

Result<bool> Intake::insert(lmdb::WriteTransaction& transaction, const Tables& tables,
                            const std::string& bodies_folder) const {
  // The journal outlives the message, so it knows every id that was used, and an id is never used again.
  JournalWriter journal(transaction, tables, accepted.time);
  if (journal.knows(id)) return false;
  if (!transaction.put_new(tables.envelopes, id.bytes(), envelope)) return false;
  if (auto put = put_body(transaction, tables, bodies_folder); !put) return std::move(put).error();
  for (const Row& row : recipients) {
    transaction.put(tables.recipients, row.key, row.value);
    if (!row.due.empty()) transaction.put(tables.due, row.due, {});
  }
  journal.add(id, accepted);
  for (const Event& decision : decisions) journal.add(id, {accepted.time, decision.name, decision.fields});
  TotalsChange change;
  change.messages = 1;
  change.bytes = static_cast<std::int64_t>(body.size());
  change.came = recipients.size();
  for (const Row& row : recipients) change.add(row.due.empty() ? State::held : State::queued);
  change.apply(transaction, tables);
  return true;
}

// ---- Spool

BodyWriter Spool::State::new_body() const {
  BodyWriter writer;
  writer.state_ = std::make_unique<Body::State>();
  writer.state_->folder = bodies_folder;
  writer.state_->inline_max = options.inline_max;
  return writer;
}

BodyWriter Spool::new_body() const { return state_->new_body(); }

Result<void> Spool::accept(Message message) {
  auto intake = Intake::make(std::move(message), state_->clock.now());
  if (!intake) return std::move(intake).error();
  auto done = state_->commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        auto inserted = intake->insert(write, state_->tables, state_->bodies_folder);
        if (!inserted) return std::move(inserted).error();
        if (!*inserted)
          return Failure::temporary("the spool id " + intake->id.to_text() + " was used before");
        state_->at_step("accept: inserted");
        return {};
      },
      intake->bytes());
  if (done) state_->at_step("accept: committed");
  return done;
}

Result<void> Spool::check_room(std::uint64_t size) const {
  constexpr Milliseconds validity{1000};
  const auto now = state_->clock.since_boot().count();
  // One thread looks, the others go by the last answer; the first of all wait for it.
  std::unique_lock lock(state_->room_mutex, std::defer_lock);
  const std::int64_t until = state_->room_until.load(std::memory_order_acquire);
  if (now >= until && (until < 0 ? (lock.lock(), true) : lock.try_lock())) {
    auto space = state_->environment.space();
    if (!space) return std::move(space).error();
    const auto reserve =
        static_cast<std::uint64_t>(static_cast<double>(space->disk_total) * state_->options.disk_reserve);
    const auto free = space->disk_bytes + space->free_bytes;
    state_->room.store(static_cast<std::int64_t>(free) - static_cast<std::int64_t>(reserve),
                       std::memory_order_relaxed);
    state_->room_until.store(now + validity.count(), std::memory_order_release);
  }
  if (state_->room.load(std::memory_order_relaxed) > static_cast<std::int64_t>(size)) return {};
  return Failure::temporary("the disk of the spool is full up to its reserve", {4, 3, 1});
}

}  // namespace tubepost::spool
