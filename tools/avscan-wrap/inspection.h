// What the scanner says of a message, as a whole and part by part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "avscan-wrap/scanner.h"
#include "message/mime_part.h"

namespace tubepost::avscan {

struct InfectedPart {
  std::uint32_t index;  // in Inspection::parts
  std::string name, virus;
  std::optional<std::string> repaired;
};

struct Inspection {
  // failed: nothing can be said of a part at least, and no virus was found before.
  Verdict verdict = Verdict::clean;
  std::string virus;        // the first with a name
  std::string reason;       // failed
  bool by_nature = false;   // failed: it cannot be scanned, now or later (too many parts, too deep)
  bool incomplete = false;  // not every part was judged, so replacing the infected ones is not enough
  bool whole = false;       // the message as a whole was found infected
  std::optional<std::string> repaired;   // what the scanner left in place of the whole
  std::vector<InfectedPart> infected;    // at most infected_parts_max
  std::vector<message::MimePart> parts;  // views into the message; read if parts were scanned
  std::string output;                    // what the scanner printed, bounded
};

// first: the first finding ends it. to_remove: every infected part is looked for, also of a message that is
// infected as a whole. to_repair: every infected part, unless the whole is infected.
enum class Search { first, to_remove, to_repair };
Inspection inspect(std::string_view text, Scope scope, Search search, Scanner& scanner,
                   const net::Deadline& deadline);

}  // namespace tubepost::avscan
