// What may be called a mailbox, a keyword, an entry. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tubepost::mailstore {

// The name as it is stored: INBOX in any letters is "INBOX", also as the first level (RFC 9051 5.1); no empty
// levels, no control characters, valid UTF-8, within mailbox_name_max and mailbox_depth_max. nullopt: no name
// for a mailbox. NFC is the caller's matter.
std::optional<std::string> mailbox_name(std::string_view name);
Result<std::string> need_mailbox_name(std::string_view name);  // refusal::bad_name

// An atom of at most keyword_size_max bytes that is not a system flag (RFC 9051 9: flag-keyword).
bool is_keyword(std::string_view name);
// Printable and not longer than `most`: an ACL identifier, a metadata name.
bool is_entry_name(std::string_view name, std::size_t most);

}  // namespace tubepost::mailstore
