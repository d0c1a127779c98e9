// Charsets to UTF-8, and the case folding of searches. ICU's converters do the work; what is ASCII or UTF-8 already
// goes without. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::message {

inline constexpr std::size_t charset_name_max = 60;

bool is_known_charset(std::string_view charset);

// nullopt: an unknown charset. Bytes that are none of the charset's become U+FFFD. "us-ascii" and an empty name, where
// there are bytes beyond ASCII after all, mean what guess_utf8() finds.
std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset);

// Of bytes that say nothing of themselves: UTF-8 if they are valid UTF-8, else windows-1252.
std::string guess_utf8(std::string_view bytes);

// i;unicode-casemap (RFC 5051): simple titlecase, then compatibility decomposition (and, beyond the RFC, the ASCII
// letters of a decomposition raised too: U+339D is found by "cm"). Text that is equal without regard to case has the
// same folded form; compare folded with folded, by bytes. Invalid UTF-8 becomes U+FFFD; UTF-8 in, UTF-8 out.
std::string fold_case(std::string_view text);

// In Normalization Form C, as Net-Unicode (RFC 5198) wants it. UTF-8 in and out.
std::string to_nfc(std::string_view text);

}  // namespace tubepost::message
