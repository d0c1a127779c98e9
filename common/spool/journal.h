// Writing the journal inside a transaction: one line of a message's life after the other. Internal to this
// library.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "spool/event_words.h"
#include "spool/schema.h"

namespace tubepost::spool {

class JournalWriter {
public:
  JournalWriter(lmdb::WriteTransaction& transaction, const Tables& tables, Timestamp now)
      : transaction_(transaction), tables_(tables), now_(now) {}

  void add(const SpoolId& id, const Event& event);
  void add(const SpoolId& id, std::string_view name, std::string_view fields = {});  // now
  bool knows(const SpoolId& id) const;  // there is at least one line of it

private:
  lmdb::WriteTransaction& transaction_;
  const Tables& tables_;
  Timestamp now_;
};

}  // namespace tubepost::spool
