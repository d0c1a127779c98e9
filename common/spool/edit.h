// Changing messages inside one write transaction, so that records and their indexes always agree
// (docs/spool-states.md). Internal to this library. Call finish() last: it lets go of the messages that have
// no recipient any more.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "spool/journal.h"
#include "spool/schema.h"
#include "spool/totals_change.h"

namespace tubepost::spool {

class Editor {
public:
  Editor(lmdb::WriteTransaction& transaction, const Tables& tables, Timestamp now)
      : journal(transaction, tables, now), transaction_(transaction), tables_(tables), now_(now) {}

  JournalWriter journal;
  Timestamp now() const { return now_; }

  // Shared by whoever asks for it in this transaction; nullptr: gone or damaged.
  std::shared_ptr<const Envelope> envelope(const SpoolId& id);
  std::optional<Recipient> recipient(const SpoolId& id,
                                     std::uint32_t number) const;  // nullopt: gone or damaged
  std::vector<Recipient> recipients(const SpoolId& id) const;

  void change(const SpoolId& id, const Recipient& before, const Recipient& after);
  void remove(const SpoolId& id, const Recipient& done);  // it has had its end
  // The same, where the sender is still to be told of it.
  void finish_owing(const SpoolId& id, const Recipient& before, Recipient after);
  // Whether the sender may be sent a DSN of this kind (RFC 3461 4.1, RFC 5321 4.5.5).
  bool may_owe(const SpoolId& id, const Recipient& recipient, Owed kind);
  // Fails `before` for ever: its DSN is owed, or, where none may be sent, it is removed. `after` says why.
  void fail(const SpoolId& id, const Recipient& before, Recipient after);
  // Puts `leaves` in place of the alias or list `expanded`; those who have or had the message already are
  // left out. How many were added; nullopt: too many, and nothing changed. `keep`: the alias itself is left for
  // the caller to finish.
  std::optional<std::size_t> expand(const SpoolId& id, const Recipient& expanded,
                                    const std::vector<NewRecipient>& leaves, bool keep);
  // One more hard bounce of `address`; and one success, which is forgiveness.
  void count_bounce(std::string_view address, Timestamp until, std::string_view text);
  void forgive(std::string_view address);
  void finish();

private:
  struct Touched {
    std::shared_ptr<const Envelope> envelope;
    std::vector<std::string> gone;                         // addresses removed in this transaction
    std::optional<std::unordered_set<std::string>> known;  // address_key of all who are, or were, recipients
    bool lost_one = false;
  };

  void index(const SpoolId& id, const Recipient& recipient);
  void unindex(const SpoolId& id, const Recipient& recipient);
  void count_debt(const SpoolId& id, int by);
  void add(const SpoolId& id, const Recipient& recipient);
  void erase(const SpoolId& id, const Recipient& recipient);
  std::unordered_set<std::string>& known_addresses(const SpoolId& id);
  void erase_message(const SpoolId& id);
  void note_history(const SpoolId& id, Side side, std::string_view address);
  void remember_finished(const SpoolId& id, const std::vector<std::string>& addresses);

  lmdb::WriteTransaction& transaction_;
  const Tables& tables_;
  Timestamp now_;
  TotalsChange totals_change_;
  std::map<SpoolId, Touched> touched_;
};

}  // namespace tubepost::spool
