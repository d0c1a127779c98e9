// RFC 9394 PARTIAL: a window on a result, "1:100" from its beginning, "-1:-100" from its end.
#pragma once

#include "imap/scanner.h"
#include "imapd/selected.h"

namespace tubepost::imapd {

struct PartialRange {
  std::uint32_t first = 1, last = 1;  // first is not greater than last
  bool from_end = false;
  std::string text;  // as the client wrote it
};

PartialRange expect_partial_range(imap::Scanner& args);
mailstore::UidSet part_of(const mailstore::UidSet& uids, const PartialRange& range);

}  // namespace tubepost::imapd
