// Looks at the queue without being the one who runs it: what would be done now (--dry-run), and whether
// another qrun still has something to do (--once beside it). Readers only. Threading: one thread.
#pragma once

#include <cstdio>

#include "base/clock.h"
#include "qrun/routing.h"
#include "spool/spool.h"

namespace tubepost::qrun {

// One line per recipient that is due: id, number, address, what would be done; tab-separated.
Result<void> print_plan(const spool::Spool& spool, const Addresses& addresses, Timestamp now, std::FILE* out);

// Whether anything is due at `now` or in delivery.
Result<bool> has_work(const spool::Spool& spool, Timestamp now);

}  // namespace tubepost::qrun
