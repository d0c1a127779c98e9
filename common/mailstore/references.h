// Who has which body: the count of references (rule 3 of schema.h), for one write transaction. A copy adds
// references at once, in the order of the bodies; a removal takes off a few at once and leaves the rest in
// `dropped`, from where later transactions take them, so that a mailbox of any size is expunged at the price
// of its blocks. Throws lmdb::Error.
#pragma once

#include <map>

#include "lmdb/environment.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

inline constexpr std::size_t dropped_at_once = 64;       // by a transaction of its own references
inline constexpr std::size_t settled_with_a_write = 32;  // of earlier ones' by each write

class References {
public:
  References(lmdb::WriteTransaction& transaction, const schema::Tables& tables, Timestamp now)
      : transaction_(transaction), tables_(tables), now_(now) {}

  // One more, or one fewer, message has this body, which exists. Counted in save().
  void add(AccountId account, const spool::SpoolId& body) { books_[account].added.push_back(body); }
  void drop(AccountId account, const spool::SpoolId& body) { books_[account].dropped.push_back(body); }
  void save();

  // Takes off up to `most` references from `dropped` (of one account, or any); how many.
  std::size_t settle(std::size_t most, std::optional<AccountId> account = std::nullopt);

private:
  struct Book {
    std::vector<spool::SpoolId> added, dropped;
  };
  void count_added(AccountId account, std::vector<spool::SpoolId>& bodies);
  void leave_for_later(AccountId account, const std::vector<spool::SpoolId>& bodies);
  void take_off(AccountId account, const spool::SpoolId& body);
  void erase_body(const std::string& key);

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  Timestamp now_;
  std::map<AccountId, Book> books_;
};

}  // namespace tubepost::mailstore
