// A message made ready outside of the transaction, and its insertion inside. Internal to this library.
#pragma once

#include <string>
#include <vector>

#include "spool/journal.h"
#include "spool/spool.h"

namespace tubepost::spool {

// Everything encoded beforehand, so that the committer, one thread for all, does little more than copy.
struct Intake {
  // A permanent Failure without recipients. Recipients given twice are one.
  static Result<Intake> make(Message message, Timestamp now);
  static Result<Intake> make(const Generated& generated, BodyWriter writer, Timestamp now);

  // Inserts the message if its id was never used; false: it was, and nothing changed. Repeatable.
  Result<bool> insert(lmdb::WriteTransaction& transaction, const Tables& tables,
                      const std::string& bodies_folder) const;
  std::size_t bytes() const;  // about what it adds to the database

  struct Row {
    std::string key, value;
    std::string due;  // its key; empty: held
  };
  SpoolId id;
  Body body;
  std::string envelope;
  std::vector<Row> recipients;
  Event accepted;
  std::vector<Event> decisions;

private:
  void add_recipient(const NewRecipient& recipient, std::uint32_t number, Timestamp due,
                     const std::string& hold);
  Result<void> put_body(lmdb::WriteTransaction& transaction, const Tables& tables,
                        const std::string& bodies_folder) const;
};

}  // namespace tubepost::spool
