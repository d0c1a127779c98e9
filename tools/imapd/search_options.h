// RETURN (…) of SEARCH and ESEARCH (RFC 4731 3.1, RFC 5182, RFC 9394), and the results it asks for. Pure.
#pragma once

#include <optional>
#include <string>

#include "imap/search_key.h"
#include "imapd/partial.h"

namespace tubepost::imapd {

struct SearchOptions {
  bool extended = false, min = false, max = false, all = false, count = false, save = false;
  std::optional<PartialRange> partial;
  bool saves_all() const { return all || count || (!partial && !min && !max); }
  bool only_saves() const { return save && !min && !max && !all && !count && !partial; }
};

// "RETURN (…) SP", or nothing.
SearchOptions expect_search_options(imap::Scanner& args);
// Of what was found, the messages that the result tells of: they are $ afterwards (RFC 5182 2.4, RFC 9394 3.2), and
// the MODSEQ told with them is theirs (RFC 4731 3.2).
mailstore::UidSet told_of(const SearchOptions& options, const mailstore::UidSet& found);
// " MIN 2 COUNT 5 …" of an ESEARCH response.
void append_results(std::string& out, const SearchOptions& options, const mailstore::UidSet& numbers);

// Message numbers stand in the program ($ is none): RFC 9586 3.5.
bool uses_numbers(const imap::SearchKey& key);

}  // namespace tubepost::imapd
