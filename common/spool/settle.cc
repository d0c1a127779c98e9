// The ends of rounds (DSNs) and of schedulers (claims that nobody answered).
#include "spool/edit.h"
#include "spool/intake.h"
#include "spool/outcome.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

// Nobody knows what became of it. The attempt counts, and nobody is blamed (design.md 2, poison).
void give_back(Editor& edit, lmdb::WriteTransaction& write, const Tables& tables, const RecipientKey& key) {
  const auto before = edit.recipient(key.id, key.number);
  if (!before || before->state != State::working) {
    write.erase(tables.working, recipient_key(key.id, key.number));
    return;
  }
  const std::string number = std::to_string(key.number);
  edit.journal.add(key.id, "outcome-unknown", words({{"to", before->address}, {"recipient", number}}));
  if (before->wish != Wish::none) return obey(edit, key.id, *before, before->wish, "");
  Recipient after = *before;
  after.state = before->attempts == 0 ? State::queued : State::deferred;
  after.next = edit.now();
  edit.change(key.id, *before, after);
}

std::string_view kind_of(const Debt& debt) {
  switch (debt.owed.empty() ? Owed::nothing : debt.owed.front().owed) {
    case Owed::failure:
      return "failure";
    case Owed::delay:
      return "delay";
    case Owed::nothing:
      return "";
    default:
      return "success";
  }
}

// False: it was settled before, or is owed something else by now.
bool pay(Editor& edit, const SpoolId& id, const Recipient& owed) {
  const auto present = edit.recipient(id, owed.number);
  if (!present || present->owed != owed.owed || present->owed == Owed::nothing) return false;
  if (present->state == State::failed || present->state == State::done) {
    edit.remove(id, *present);
    return true;
  }
  Recipient after = *present;  // told of its delay, it waits on
  after.owed = Owed::nothing;
  after.delay_notified = true;
  edit.change(id, *present, after);
  return true;
}

}  // namespace

Result<void> Spool::settle(const Debt& debt, const std::optional<Generated>& report) {
  const State& s = *state_;
  const Timestamp now = s.clock.now();
  std::optional<Intake> intake;
  if (report) {
    auto made = Intake::make(*report, s.new_body(), now);
    if (!made) return std::move(made).error();
    intake = std::move(*made);
  }
  auto done = state_->commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        Editor edit(write, s.tables, now);
        std::size_t paid = 0;
        for (const Recipient& owed : debt.owed) paid += pay(edit, debt.id, owed) ? 1 : 0;
        if (paid == 0) return {};  // settled before: the sender has its DSN
        const std::string count = std::to_string(paid), name = intake ? intake->id.to_text() : std::string();
        edit.journal.add(debt.id, intake ? "dsn" : "dsn-forgiven",
                         words({{"report", name}, {"recipients", count}, {"kind", kind_of(debt)}}));
        if (intake) {
          auto inserted = intake->insert(write, s.tables, s.bodies_folder);
          if (!inserted) return std::move(inserted).error();
        }
        edit.finish();
        s.at_step("settle: recorded");
        return {};
      },
      intake ? intake->bytes() : 0);
  if (done) s.at_step("settle: committed");
  return done;
}

// ---- after a crash of qrun

Result<std::size_t> Spool::recover_claims() {
  constexpr std::size_t batch = 1000;
  const State& s = *state_;
  std::size_t recovered = 0;
  for (bool more = true; more;) {
    auto found = s.environment.read([&](lmdb::ReadTransaction& read) {
      std::vector<RecipientKey> keys;
      lmdb::Cursor cursor = read.cursor(s.tables.working);
      for (bool any = cursor.first(); any && keys.size() < batch; any = cursor.next()) {
        if (const auto key = parse_recipient_key(cursor.key())) keys.push_back(*key);
      }
      return keys;
    });
    if (!found) return std::move(found).error();
    if (found->empty()) break;
    more = found->size() == batch;
    auto written = state_->environment.write([&](lmdb::WriteTransaction& write) -> Result<void> {
      Editor edit(write, s.tables, s.clock.now());
      for (const RecipientKey& key : *found) give_back(edit, write, s.tables, key);
      edit.finish();
      s.at_step("recover: given back");
      return {};
    });
    if (!written) return std::move(written).error();
    s.at_step("recover: committed");
    recovered += found->size();
  }
  return recovered;
}

}  // namespace tubepost::spool
