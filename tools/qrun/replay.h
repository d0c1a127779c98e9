// What the settings and the directory as they are now would do with messages that came before: beside what was done. A
// reader only. Threading: one thread.
#pragma once

#include <cstdio>
#include <optional>

#include "qrun/routing.h"
#include "qrun/verdicts.h"
#include "spool/spool.h"

namespace tubepost::qrun {

struct Replay {
  std::optional<spool::SpoolId> id;  // this one, or all that came
  Timestamp since{};                 // after this
};
// An id, or "since=2h", "since=2026-11-26T08:00:00Z"; nullopt: neither.
std::optional<Replay> parse_replay(std::string_view text, Timestamp now);

// A line for each recipient: id, address, what became of it ("waiting": nothing yet), what would be done now; separated
// by tabs, as JSON an object a line. Of a message that has left the queue as long as its journal is kept. How many.
Result<std::size_t> print_replay(const spool::Spool& spool, const Addresses& addresses, const Policy& policy,
                                 const Replay& replay, bool json, std::FILE* out);

}  // namespace tubepost::qrun
