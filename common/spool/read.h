// Reading records inside a transaction. Internal to this library.
#pragma once

#include <optional>
#include <vector>

#include "spool/schema.h"

namespace tubepost::spool {

// nullopt: not there, or damaged.
std::optional<Envelope> read_envelope(const lmdb::ReadTransaction& read, const Tables& tables,
                                      const SpoolId& id);
// In order of their numbers; damaged ones are left out (check() names them).
std::vector<Recipient> read_recipients(const lmdb::ReadTransaction& read, const Tables& tables,
                                       const SpoolId& id);

}  // namespace tubepost::spool
