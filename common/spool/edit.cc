#include "spool/edit.h"

#include "base/text.h"
#include "spool/read.h"

namespace tubepost::spool {
namespace {

// Aliases that name each other would make recipients for ever.
constexpr std::uint32_t recipients_max = 1'000'000;

bool has_word(std::string_view list, std::string_view word) {
  for (const auto one : split(list, ',')) {
    if (equal_ignoring_case(trim(one), word)) return true;
  }
  return false;
}

// RFC 3461 4.1: without NOTIFY failures and delays are reported; with it, what is among its words. And never
// anything to the null reverse-path (RFC 5321 4.5.5).
bool owes_dsn(const Envelope& envelope, const Recipient& recipient, Owed kind) {
  if (envelope.reverse_path.empty() || kind == Owed::nothing) return false;
  if (kind == Owed::failure) return recipient.notify.empty() || has_word(recipient.notify, "FAILURE");
  if (kind == Owed::delay)
    return !recipient.delay_notified && (recipient.notify.empty() || has_word(recipient.notify, "DELAY"));
  // RFC 2852 4.1.4: of a message with DELIVERBY this is told whether success was asked for or not.
  if (kind == Owed::relayed && envelope.deliver_by) return !has_word(recipient.notify, "NEVER");
  return has_word(recipient.notify, "SUCCESS");
}

bool waits(State state) { return state == State::queued || state == State::deferred; }

NewRecipient inherit(NewRecipient leaf, const Recipient& parent) {
  if (leaf.original.empty()) leaf.original = parent.original.empty() ? parent.address : parent.original;
  if (leaf.orcpt.empty()) leaf.orcpt = parent.orcpt;
  if (leaf.notify.empty()) leaf.notify = parent.notify;
  return leaf;
}

}  // namespace

// ---- looking

std::shared_ptr<const Envelope> Editor::envelope(const SpoolId& id) {
  Touched& touched = touched_[id];
  if (!touched.envelope) {
    auto found = read_envelope(transaction_, tables_, id);
    if (found) touched.envelope = std::make_shared<const Envelope>(std::move(*found));
  }
  return touched.envelope;
}

std::optional<Recipient> Editor::recipient(const SpoolId& id, std::uint32_t number) const {
  const auto value = transaction_.get(tables_.recipients, recipient_key(id, number));
  return value ? decode_recipient(number, *value) : std::nullopt;
}

std::vector<Recipient> Editor::recipients(const SpoolId& id) const {
  return read_recipients(transaction_, tables_, id);
}

// ---- records and their indexes

void Editor::index(const SpoolId& id, const Recipient& r) {
  totals_change_.add(r.state, 1);
  if (r.owed != Owed::nothing) count_debt(id, 1);
  if (r.state == State::working) transaction_.put(tables_.working, recipient_key(id, r.number), {});
  if (!waits(r.state)) return;
  transaction_.put(tables_.due, due_key(r.next, id, r.number), {});
  if (r.lane.empty()) return;
  if (r.parked) transaction_.put(tables_.lanes, lane_key(id, r), {}), ++totals_change_.parked[r.lane];
  if (const auto key = remote_key(r.address, id, r.number)) transaction_.put(tables_.remote, *key, {});
}

void Editor::unindex(const SpoolId& id, const Recipient& r) {
  totals_change_.add(r.state, -1);
  if (r.owed != Owed::nothing) count_debt(id, -1);
  if (r.state == State::working) transaction_.erase(tables_.working, recipient_key(id, r.number));
  if (!waits(r.state)) return;
  transaction_.erase(tables_.due, due_key(r.next, id, r.number));
  if (r.lane.empty()) return;
  if (r.parked) transaction_.erase(tables_.lanes, lane_key(id, r)), --totals_change_.parked[r.lane];
  if (const auto key = remote_key(r.address, id, r.number)) transaction_.erase(tables_.remote, *key);
}

void Editor::count_debt(const SpoolId& id, int by) {
  const auto value = transaction_.get(tables_.debts, id.bytes());
  const std::int64_t count = (value && value->size() == 4 ? std::int64_t{lmdb::read_u32(*value)} : 0) + by;
  if (count <= 0) {
    transaction_.erase(tables_.debts, id.bytes());
    return;
  }
  std::string written;
  lmdb::append_u32(written, static_cast<std::uint32_t>(count));
  transaction_.put(tables_.debts, id.bytes(), written);
}

void Editor::change(const SpoolId& id, const Recipient& before, const Recipient& after) {
  unindex(id, before);
  transaction_.put(tables_.recipients, recipient_key(id, after.number), encode(after));
  index(id, after);
}

void Editor::add(const SpoolId& id, const Recipient& recipient) {
  ++totals_change_.came;
  transaction_.put(tables_.recipients, recipient_key(id, recipient.number), encode(recipient));
  index(id, recipient);
}

void Editor::erase(const SpoolId& id, const Recipient& recipient) {
  unindex(id, recipient);
  transaction_.erase(tables_.recipients, recipient_key(id, recipient.number));
  ++totals_change_.went;
  touched_[id].lost_one = true;
}

void Editor::note_history(const SpoolId& id, Side side, std::string_view address) {
  if (const auto key = history_key(day_of(now_), side, address, id))
    transaction_.put(tables_.history, *key, {});
}

bool Editor::may_owe(const SpoolId& id, const Recipient& recipient, Owed kind) {
  const auto sender = envelope(id);
  return sender && owes_dsn(*sender, recipient, kind);
}

void Editor::finish_owing(const SpoolId& id, const Recipient& before, Recipient after) {
  if (!may_owe(id, before, after.owed)) return remove(id, before);
  after.state = State::done;
  after.wish = Wish::none;
  change(id, before, after);
}

void Editor::remove(const SpoolId& id, const Recipient& done) {
  erase(id, done);
  note_history(id, Side::to, done.address);
  Touched& touched = touched_[id];
  touched.gone.push_back(done.address);
  if (touched.known) touched.known->insert(address_key(done.address));
}

void Editor::fail(const SpoolId& id, const Recipient& before, Recipient after) {
  const auto sender = envelope(id);
  after.wish = Wish::none;
  if (sender && !owes_dsn(*sender, before, Owed::failure)) return remove(id, before);
  after.state = State::failed;
  after.owed = Owed::failure;
  if (!sender) {
    // To whom would the DSN go? Losing both is not an answer.
    after.state = State::held;
    after.owed = Owed::nothing;
    after.reason = "the envelope is damaged; " + after.reason;
  }
  change(id, before, after);
}

// ---- suppression

void Editor::count_bounce(std::string_view address, Timestamp until, std::string_view text) {
  constexpr std::size_t key_max = 500, text_max = 400;
  const std::string key = address_key(address);
  if (key.empty() || key.size() > key_max) return;
  const auto value = transaction_.get(tables_.suppressed, key);
  Suppression known = value ? decode_suppression(key, *value).value_or(Suppression{}) : Suppression{};
  if (known.until < now_) known = {};  // those bounces are forgotten
  ++known.bounces;
  known.last = now_;
  known.until = until;
  known.text = printable(text, text_max);
  transaction_.put(tables_.suppressed, key, encode(known));
}

void Editor::forgive(std::string_view address) {
  const std::string key = address_key(address);
  if (!key.empty() && transaction_.count(tables_.suppressed) > 0) transaction_.erase(tables_.suppressed, key);
}

// ---- expansion

std::unordered_set<std::string>& Editor::known_addresses(const SpoolId& id) {
  Touched& touched = touched_[id];
  if (touched.known) return *touched.known;
  touched.known.emplace();
  for (const Recipient& r : recipients(id)) touched.known->insert(address_key(r.address));
  for (const std::string& address : touched.gone) touched.known->insert(address_key(address));
  lmdb::Cursor cursor = transaction_.cursor(tables_.finished);
  for (bool more = cursor.seek(id.bytes()); more && cursor.key().starts_with(id.bytes());
       more = cursor.next())
    touched.known->emplace(cursor.key().substr(id.bytes().size()));
  return *touched.known;
}

std::optional<std::size_t> Editor::expand(const SpoolId& id, const Recipient& expanded,
                                          const std::vector<NewRecipient>& leaves, bool keep) {
  const auto old = envelope(id);
  if (!old || leaves.size() > recipients_max - std::min(recipients_max, old->recipients)) return std::nullopt;
  // The name that is expanded may stand among its own leaves (an alias that keeps a copy).
  if (!keep) {
    erase(id, expanded);
    note_history(id, Side::to, expanded.address);
  }
  auto& known = known_addresses(id);
  known.erase(address_key(expanded.address));

  auto envelope = std::make_shared<Envelope>(*old);
  std::size_t added = 0;
  for (const NewRecipient& leaf : leaves) {
    if (!known.insert(address_key(leaf.address)).second) continue;
    Recipient recipient;
    static_cast<NewRecipient&>(recipient) = inherit(leaf, expanded);
    recipient.number = envelope->recipients++;
    recipient.next = now_;
    add(id, recipient);
    ++added;
  }
  transaction_.put(tables_.envelopes, id.bytes(), encode(*envelope));
  touched_[id].envelope = std::move(envelope);
  return added;
}

// ---- the end of messages

void Editor::finish() {
  for (const auto& [id, touched] : touched_) {
    if (!touched.lost_one) continue;
    if (transaction_.cursor(tables_.recipients).seek_prefix(id.bytes()))
      remember_finished(id, touched.gone);
    else
      erase_message(id);
  }
  touched_.clear();
  totals_change_.apply(transaction_, tables_);
  totals_change_ = {};
}

void Editor::remember_finished(const SpoolId& id, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    if (const auto key = finished_key(id, address)) transaction_.put(tables_.finished, *key, {});
  }
}

void Editor::erase_message(const SpoolId& id) {
  totals_change_.messages -= 1;
  if (const auto sender = envelope(id)) {
    totals_change_.bytes -= static_cast<std::int64_t>(sender->size);
    note_history(id, Side::from, sender->reverse_path);
  }
  if (const auto body = transaction_.get(tables_.bodies, id.bytes())) {
    const auto header = BodyHeader::parse(*body);
    // A reader may have the file's name in hand, and so may a backup.
    if (header && (header->flags & BodyHeader::beside) != 0)
      transaction_.put(tables_.dropped, dropped_key(now_, id), {});
    transaction_.erase(tables_.bodies, id.bytes());
  }
  transaction_.erase(tables_.envelopes, id.bytes());
  std::vector<std::string> finished;
  {
    lmdb::Cursor cursor = transaction_.cursor(tables_.finished);
    for (bool more = cursor.seek(id.bytes()); more && cursor.key().starts_with(id.bytes());
         more = cursor.next())
      finished.emplace_back(cursor.key());
  }
  for (const std::string& key : finished) transaction_.erase(tables_.finished, key);
}

}  // namespace tubepost::spool
