// Writes the parts of IMAP responses (RFC 9051 9) to the end of a text. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost::imap {

inline void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// Quoted where that can be said in a quoted string of ASCII, else a literal.
void append_string(std::string& out, std::string_view text);
void append_nstring(std::string& out, const std::optional<std::string>& text);  // nullopt: NIL
// Whatever the text is: {n} CRLF and the bytes.
void append_literal(std::string& out, std::string_view bytes);
void append_astring(std::string& out, std::string_view text);
// A mailbox name, given in UTF-8. `utf8`: the client has enabled IMAP4rev2 or UTF8=ACCEPT and reads UTF-8 in
// quoted strings; else it is modified UTF-7 (RFC 3501 5.1.3).
void append_mailbox(std::string& out, std::string_view name, bool utf8);

}  // namespace tubepost::imap
