// Names of mailboxes: modified UTF-7 on the wire of IMAP4rev1 (RFC 3501 5.1.3), UTF-8 inside and in
// IMAP4rev2; '/' between the levels; INBOX in any letters is INBOX (RFC 9051 5.1); patterns of LIST.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::imap {

inline constexpr char hierarchy_delimiter = '/';
inline constexpr std::size_t pattern_max = 1024;

std::string encode_utf7(std::string_view utf8);
// nullopt: broken base64, a lone surrogate, ASCII that was encoded, eight-bit characters.
std::optional<std::string> decode_utf7(std::string_view text);

// A name as a client wrote it (`utf8` as for append_mailbox), as it is stored. nullopt: it is no name:
// empty levels, control characters, no UTF-8, broken UTF-7, too long. A '/' at the end is taken off (RFC 9051
// 6.3.4). What is not in Normalization Form C is brought to it (RFC 9051 5.1): some systems write an umlaut as two characters.
std::optional<std::string> parse_mailbox_name(std::string_view text, bool utf8);
inline constexpr std::size_t mailbox_name_max = 400;
inline constexpr std::size_t mailbox_levels_max = 32;

std::string_view parent_of(std::string_view name);  // empty: it is at the top

// A pattern of LIST: '*' stands for anything, '%' for anything without a '/'. Time: the product of the
// lengths, whatever the pattern.
class Pattern {
public:
  explicit Pattern(std::string_view pattern);  // in UTF-8; INBOX at its front in any letters
  bool matches(std::string_view name) const;

private:
  std::string pattern_;  // no two wildcards side by side
};

}  // namespace tubepost::imap
