// The rules of docs/spool-states.md, one function for each table. They are local to a message, and each page
// of rows is one transaction, so that they can be held against a spool in use without a false alarm.
#include <algorithm>
#include <functional>

#include "base/crc32c.h"
#include "base/file.h"
#include "spool/body_state.h"
#include "spool/journal.h"
#include "spool/read.h"
#include "spool/state.h"
#include "spool/totals_change.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t keys_in_turn = 200;

class Checker {
public:
  Checker(lmdb::Environment& environment, const Tables& tables, const std::string& bodies_folder,
          Timestamp now, bool repair)
      : environment_(environment), t_(tables), bodies_folder_(bodies_folder), now_(now), repair_(repair) {}

  Result<std::vector<std::string>> run();

private:
  using Rule = void (Checker::*)(const std::string& key);

  Result<void> each(lmdb::Table table, Rule rule);
  Result<bool> page(lmdb::Table table, Rule rule, std::string& from);
  void apply(lmdb::Table table, Rule rule, const lmdb::ReadTransaction& read, std::string& from, bool& more);

  void envelope(const std::string& key);
  void body(const std::string& key);
  void body_beside(const BodyHeader& header);
  void recipient(const std::string& key);
  void due(const std::string& key);
  void working(const std::string& key);
  void debt(const std::string& key);
  void lane(const std::string& key);
  void remote(const std::string& key);
  Result<void> counted(const std::string& sentence,
                       const std::function<bool(const lmdb::ReadTransaction&)>& is_right,
                       const std::function<void(lmdb::WriteTransaction&)>& mend);
  Result<void> totals();
  Result<void> lane_counts();
  void finished(const std::string& key);
  void dropped(const std::string& key);

  bool has(lmdb::Table table, std::string_view key) const { return read_->get(table, key).has_value(); }
  bool has_any(lmdb::Table table, const SpoolId& id) const {
    return read_->cursor(table).seek_prefix(id.bytes());
  }
  std::uint32_t owed_count(const SpoolId& id) const;
  void indexes_of_lane(const RecipientKey& key, const Recipient& recipient);
  void restore_body(const SpoolId& id, const Envelope& envelope);
  // A broken rule; `mend` is run when repairing.
  void broken(std::string sentence, const std::function<void(lmdb::WriteTransaction&)>& mend = {});

  lmdb::Environment& environment_;
  const Tables& t_;
  const std::string& bodies_folder_;
  Timestamp now_;
  bool repair_;
  std::vector<std::string> found_;
  const lmdb::ReadTransaction* read_ = nullptr;  // of the page in hand
  lmdb::WriteTransaction* write_ = nullptr;      // the same, when repairing
};

SpoolId id_of(std::string_view key) { return SpoolId::from_bytes(key); }
std::string name(std::string_view key) { return id_of(key).to_text(); }

std::string name(const RecipientKey& key) {
  return "recipient " + std::to_string(key.number) + " of " + key.id.to_text();
}

void Checker::broken(std::string sentence, const std::function<void(lmdb::WriteTransaction&)>& mend) {
  if (write_ != nullptr && mend) {
    mend(*write_);
    sentence += " (mended)";
  }
  found_.push_back(std::move(sentence));
}

// ---- walking

void Checker::apply(lmdb::Table table, Rule rule, const lmdb::ReadTransaction& read, std::string& from,
                    bool& more) {
  read_ = &read;
  std::vector<std::string> keys;
  {
    lmdb::Cursor cursor = read.cursor(table);
    for (more = cursor.seek(from); more && keys.size() < keys_in_turn; more = cursor.next())
      keys.emplace_back(cursor.key());
    if (more) from = cursor.key();
  }
  for (const std::string& key : keys) (this->*rule)(key);
  read_ = nullptr;
}

Result<bool> Checker::page(lmdb::Table table, Rule rule, std::string& from) {
  bool more = false;
  Result<void> done;
  if (repair_) {
    done = environment_.write([&](lmdb::WriteTransaction& write) -> Result<void> {
      write_ = &write;
      apply(table, rule, write, from, more);
      write_ = nullptr;
      return {};
    });
  } else {
    done = environment_.read([&](lmdb::ReadTransaction& read) { apply(table, rule, read, from, more); });
  }
  if (!done) return std::move(done).error();
  return more;
}

Result<void> Checker::each(lmdb::Table table, Rule rule) {
  std::string from;
  for (;;) {
    auto more = page(table, rule, from);
    if (!more) return std::move(more).error();
    if (!*more) return {};
  }
}

Result<std::vector<std::string>> Checker::run() {
  // Recipients before their indexes: what is missing is added before what is stray is removed.
  const std::pair<lmdb::Table, Rule> all[] = {
      {t_.envelopes, &Checker::envelope},   {t_.bodies, &Checker::body},
      {t_.recipients, &Checker::recipient}, {t_.due, &Checker::due},
      {t_.working, &Checker::working},      {t_.debts, &Checker::debt},
      {t_.finished, &Checker::finished},    {t_.dropped, &Checker::dropped},
      {t_.lanes, &Checker::lane},           {t_.remote, &Checker::remote},
  };
  for (const auto& [table, rule] : all) {
    if (auto done = each(table, rule); !done) return std::move(done).error();
  }
  if (auto done = totals(); !done) return std::move(done).error();
  if (auto done = lane_counts(); !done) return std::move(done).error();
  return std::move(found_);
}

// ---- messages

void Checker::envelope(const std::string& key) {
  const SpoolId id = id_of(key);
  auto envelope = read_envelope(*read_, t_, id);
  if (!envelope) return broken("the envelope of " + name(key) + " is damaged");
  if (!has(t_.bodies, key)) restore_body(id, *envelope);
  const auto recipients = read_recipients(*read_, t_, id);
  if (!has_any(t_.recipients, id)) broken(name(key) + " has no recipients");
  if (!recipients.empty() && recipients.back().number >= envelope->recipients) {
    broken(name(key) + " counts fewer recipients than it has", [&](lmdb::WriteTransaction& write) {
      envelope->recipients = recipients.back().number + 1;
      write.put(t_.envelopes, key, encode(*envelope));
    });
  }
  if (!has_any(t_.journal, id)) {
    broken(name(key) + " has no journal",
           [&](lmdb::WriteTransaction& write) { JournalWriter(write, t_, now_).add(id, "journal-lost"); });
  }
}

void Checker::restore_body(const SpoolId& id, const Envelope& envelope) {
  auto content = read_file(body_path(bodies_folder_, id), std::size_t{4} << 30);
  if (!content || content->size() != envelope.size) return broken(id.to_text() + " has no body");
  broken("the body record of " + id.to_text() + " is missing, its file is there",
         [&](lmdb::WriteTransaction& write) {
           const BodyHeader header{crc32c(*content), content->size(), id, BodyHeader::beside};
           header.write(write.reserve(t_.bodies, id.bytes(), BodyHeader::size));
         });
}

void Checker::body(const std::string& key) {
  const auto value = read_->get(t_.bodies, key);
  const auto header = value ? BodyHeader::parse(*value) : std::nullopt;
  if (!header || header->id != id_of(key)) return broken("the body of " + name(key) + " has no valid head");
  if (!has(t_.envelopes, key)) broken("the body of " + name(key) + " has no envelope");
  if ((header->flags & BodyHeader::beside) != 0) return body_beside(*header);
  const auto content = value->substr(BodyHeader::size);
  if (content.size() != header->length) return broken("the body of " + name(key) + " has the wrong length");
  if (crc32c(content) != header->crc) broken("the body of " + name(key) + " has the wrong checksum");
}

void Checker::body_beside(const BodyHeader& header) {
  const std::string path = body_path(bodies_folder_, header.id);
  const auto content = read_file(path, std::size_t{4} << 30);
  if (!content)
    return broken("the file of the body of " + header.id.to_text() +
                  " cannot be read: " + content.error().text);
  if (content->size() != header.length) return broken(path + " has the wrong length");
  if (crc32c(*content) != header.crc) broken(path + " has the wrong checksum");
}

// ---- recipients and their indexes

void Checker::recipient(const std::string& key) {
  const auto parsed = parse_recipient_key(key);
  const auto value = read_->get(t_.recipients, key);
  const auto r = parsed && value ? decode_recipient(parsed->number, *value) : std::nullopt;
  if (!r) return broken("a recipient of " + name(key) + " is damaged");
  if (!has(t_.envelopes, parsed->id.bytes())) broken(name(*parsed) + " has no envelope");
  const std::string due_entry = due_key(r->next, parsed->id, r->number);
  if (r->state == State::working && !has(t_.working, key))
    broken(name(*parsed) + " is claimed and not in the index",
           [&](lmdb::WriteTransaction& w) { w.put(t_.working, key, {}); });
  if ((r->state == State::queued || r->state == State::deferred) && !has(t_.due, due_entry))
    broken(name(*parsed) + " waits and is never due",
           [&](lmdb::WriteTransaction& w) { w.put(t_.due, due_entry, {}); });
  if ((r->state == State::failed || r->state == State::done) && r->owed == Owed::nothing)
    broken(name(*parsed) + " is finished, and nothing is owed for it");
  if (r->owed != Owed::nothing && !has(t_.debts, parsed->id.bytes())) {
    broken(name(*parsed) + " is owed a DSN and not in the index", [&](lmdb::WriteTransaction& w) {
      std::string count;
      lmdb::append_u32(count, owed_count(parsed->id));
      w.put(t_.debts, parsed->id.bytes(), count);
    });
  }
  if ((r->state == State::queued || r->state == State::deferred) && !r->lane.empty())
    indexes_of_lane(*parsed, *r);
}

void Checker::indexes_of_lane(const RecipientKey& key, const Recipient& r) {
  const std::string in_lane = lane_key(key.id, r);
  if (r.parked && !has(t_.lanes, in_lane))
    broken(name(key) + " is parked in a lane that does not know it",
           [&](lmdb::WriteTransaction& w) { w.put(t_.lanes, in_lane, {}); });
  const auto by_domain = remote_key(r.address, key.id, r.number);
  if (by_domain && !has(t_.remote, *by_domain))
    broken(name(key) + " waits and is not found by its domain",
           [&](lmdb::WriteTransaction& w) { w.put(t_.remote, *by_domain, {}); });
}

void Checker::lane(const std::string& key) {
  const auto parsed = parse_lane_key(key);
  const auto value =
      parsed ? read_->get(t_.recipients, recipient_key(parsed->id, parsed->number)) : std::nullopt;
  const auto r = value ? decode_recipient(parsed->number, *value) : std::nullopt;
  if (r && (r->state == State::queued || r->state == State::deferred) && r->parked &&
      lane_key(parsed->id, *r) == key)
    return;
  broken("something is in a lane that is not parked there",
         [&](lmdb::WriteTransaction& w) { w.erase(t_.lanes, key); });
}

void Checker::remote(const std::string& key) {
  constexpr std::size_t tail = 20;
  const auto parsed =
      key.size() > tail ? parse_recipient_key(std::string_view(key).substr(key.size() - tail)) : std::nullopt;
  const auto value =
      parsed ? read_->get(t_.recipients, recipient_key(parsed->id, parsed->number)) : std::nullopt;
  const auto r = value ? decode_recipient(parsed->number, *value) : std::nullopt;
  if (r && (r->state == State::queued || r->state == State::deferred) && !r->lane.empty() &&
      remote_key(r->address, parsed->id, r->number) == key)
    return;
  broken("something is found by its domain that does not wait",
         [&](lmdb::WriteTransaction& w) { w.erase(t_.remote, key); });
}

// The rules that are not local to a message, and so looked at in one transaction each.
Result<void> Checker::counted(const std::string& sentence,
                              const std::function<bool(const lmdb::ReadTransaction&)>& is_right,
                              const std::function<void(lmdb::WriteTransaction&)>& mend) {
  auto right = environment_.read([&](lmdb::ReadTransaction& read) { return is_right(read); });
  if (!right) return std::move(right).error();
  if (*right) return {};
  if (!repair_) return broken(sentence), Result<void>();
  return environment_.write([&](lmdb::WriteTransaction& write) -> Result<void> {
    mend(write);
    found_.push_back(sentence + " (mended)");
    return {};
  });
}

Result<void> Checker::totals() {
  return counted(
      "the totals are not what is in the queue",
      [&](const lmdb::ReadTransaction& read) {
        return read_totals(read, t_).counts_the_same(count_totals(read, t_));
      },
      [&](lmdb::WriteTransaction& write) {
        Totals right = count_totals(write, t_);
        const Totals kept = read_totals(write, t_);
        right.came = kept.came, right.went = kept.went;
        write_totals(write, t_, right);
      });
}

Result<void> Checker::lane_counts() {
  return counted(
      "the counts of the lanes are not what is parked in them",
      [&](const lmdb::ReadTransaction& read) { return read_lane_counts(read, t_) == count_lanes(read, t_); },
      [&](lmdb::WriteTransaction& write) { write_lane_counts(write, t_, count_lanes(write, t_)); });
}

void Checker::due(const std::string& key) {
  const auto parsed = parse_due_key(key);
  const auto value =
      parsed ? read_->get(t_.recipients, recipient_key(parsed->id, parsed->number)) : std::nullopt;
  const auto r = value ? decode_recipient(parsed->number, *value) : std::nullopt;
  if (r && (r->state == State::queued || r->state == State::deferred) && r->next == parsed->time) return;
  broken("something is due that does not wait", [&](lmdb::WriteTransaction& w) { w.erase(t_.due, key); });
}

void Checker::working(const std::string& key) {
  const auto parsed = parse_recipient_key(key);
  const auto value = parsed ? read_->get(t_.recipients, key) : std::nullopt;
  const auto r = value ? decode_recipient(parsed->number, *value) : std::nullopt;
  if (r && r->state == State::working) return;
  broken("something is in the index of claims that is not claimed",
         [&](lmdb::WriteTransaction& w) { w.erase(t_.working, key); });
}

std::uint32_t Checker::owed_count(const SpoolId& id) const {
  const auto recipients = read_recipients(*read_, t_, id);
  return static_cast<std::uint32_t>(std::count_if(
      recipients.begin(), recipients.end(), [](const Recipient& r) { return r.owed != Owed::nothing; }));
}

void Checker::debt(const std::string& key) {
  const std::uint32_t count = owed_count(id_of(key));
  const auto value = read_->get(t_.debts, key);
  if (count > 0 && value && value->size() == 4 && lmdb::read_u32(*value) == count) return;
  broken("the debts of " + name(key) + " are not what is owed", [&](lmdb::WriteTransaction& w) {
    std::string right;
    lmdb::append_u32(right, count);
    count == 0 ? static_cast<void>(w.erase(t_.debts, key)) : w.put(t_.debts, key, right);
  });
}

// ---- what is left of the past

void Checker::finished(const std::string& key) {
  if (has(t_.envelopes, id_of(key).bytes())) return;
  broken("a finished recipient of " + name(key) + " is remembered, and the message is gone",
         [&](lmdb::WriteTransaction& w) { w.erase(t_.finished, key); });
}

void Checker::dropped(const std::string& key) {
  const std::string id = key.size() > 8 ? key.substr(8) : std::string();
  if (!id.empty() && !has(t_.bodies, id)) return;
  broken("a file is to be unlinked whose message is here",
         [&](lmdb::WriteTransaction& w) { w.erase(t_.dropped, key); });
}

}  // namespace

Result<std::vector<std::string>> Spool::check(bool repair) {
  const State& s = *state_;
  auto found = Checker(state_->environment, s.tables, s.bodies_folder, s.clock.now(), repair).run();
  if (!found) return found;
  auto left = orphans();
  if (!left) return std::move(left).error();
  for (const SpoolId& id : *left)
    found->push_back(body_path(s.bodies_folder, id) + " belongs to no message" + (repair ? " (mended)" : ""));
  if (repair && !left->empty()) {
    if (auto swept = sweep_files(); !swept) return std::move(swept).error();
  }
  return found;
}

}  // namespace tubepost::spool
