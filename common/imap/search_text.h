// The text of a message that SEARCH TEXT, BODY and HEADER look into: decoded, in UTF-8, case-folded (charset.h), made
// once from the body and kept beside it as opaque bytes; a search is then memmem().
//
// In it are: every field of the header (RFC 2047 decoded, unfolded); of each part the Content- fields, decoded, and its
// file name; the fields of embedded messages; the text of parts of type text/* (transfer encoding and charset undone,
// HTML left as it is, CR dropped). Not in it: the bytes of other parts, as nobody searches base64; preambles and
// epilogues; multiparts and messages that were not opened (mime_part.h).
// No more than search_text_max octets are kept: complete() tells, and search_match.h then reads the message itself, where
// the first search_text_limit octets are looked at, no more.
//
// Format: text = "T" version:u8 flags:u16 header-size:u32 header body; flags: 1 it was cut. Numbers are little-endian.
// The header is a line feed, then lines NAME:value, each with its line feed.
// Views point into the record, and believe no number. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tubepost::imap {

inline constexpr std::uint8_t search_text_version = 1;
inline constexpr std::size_t search_text_max = 1 << 20;
inline constexpr std::size_t search_text_limit = 64 << 20;

std::string make_search_text(std::string_view body, std::size_t most = search_text_max);

// The folded lines of a header alone: "\nNAME:value\n…".
std::string folded_header(std::string_view header, std::size_t most = search_text_max);

class SearchTextView {
public:
  SearchTextView() = default;
  explicit SearchTextView(std::string_view record);
  bool valid() const { return !record_.empty(); }
  bool complete() const;
  std::string_view header() const;
  std::string_view body() const;
  std::string_view all() const;  // header, then body

private:
  std::string_view record_;
};

}  // namespace tubepost::imap
