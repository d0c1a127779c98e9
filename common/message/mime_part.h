// The parts of a MIME message (RFC 2045, RFC 2046): one forward pass that yields offsets into the message, so that a
// caller can copy any part byte for byte. Embedded messages (message/rfc822, message/global) are opened.
//
// It never fails; what is not as it should be is read as follows.
//   * Line ends are CRLF; LF alone is one, too. NUL is a byte like others.
//   * A header ends at its empty line, at a boundary of an enclosing multipart, or at the end. Lines that are no
//     fields are skipped. Of a field that stands twice the first counts.
//   * No Content-Type, or one that cannot be read: text/plain, in multipart/digest message/rfc822 (RFC 2046 5.1.5).
//   * A boundary is found at the beginning of a line (RFC 2046 5.1.1). Of several that fit, the one that is all of the
//     line (but for "--" and blanks behind it) is meant, else the longest; of equals the innermost.
//   * A multipart that is not closed ends where one around it goes on, or at the end of the message. Behind its
//     closing line its boundary means nothing any more.
//   * A multipart without a boundary parameter, or whose boundary never stands at a line, is a leaf (Opened::no_parts).
//   * An embedded message in base64 or quoted-printable (RFC 2046 5.2.1 forbids it, RFC 6532 3.7 allows it for
//     message/global) is a leaf (Opened::encoded): whoever wants its parts decodes it and reads that.
//   * Deeper than mime_depth_max nothing is opened (Opened::too_deep). The mime_parts_max-th part takes the rest of the
//     message, unread: application/octet-stream, no header (Opened::too_many).
// Time is linear: each byte is looked at a few times, and each line against mime_depth_max boundaries at most.
//
// Ownership: views and offsets are into the argument (some views are of literals). Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/transfer_encoding.h"

namespace tubepost::message {

inline constexpr unsigned mime_depth_max = 64;
inline constexpr std::size_t mime_parts_max = 10'000;
inline constexpr std::uint32_t no_part = 0xffffffff;

enum class Opened : std::uint8_t {
  leaf,       // nothing to open
  multipart,  // its children are its parts, one at least
  message,    // its only child is the embedded message
  no_parts,   // leaves in spite of their type:
  encoded,
  too_deep,
  too_many
};

struct MimePart {
  std::size_t header_begin = 0;
  std::size_t body_begin = 0;  // behind the empty line
  std::size_t body_end = 0;    // the line end before a boundary belongs to the boundary
  std::uint32_t lines = 0;     // line ends within the body

  std::uint32_t parent = no_part;
  std::uint32_t first_child = no_part;
  std::uint32_t next_sibling = no_part;
  std::uint32_t number = 0;  // in its multipart, from 1; 0: it is a message, the whole one or an embedded one
  std::uint16_t depth = 0;

  Opened opened = Opened::leaf;
  TransferEncoding encoding = TransferEncoding::identity;
  std::string_view type = "text", subtype = "plain";  // as written, never empty

  // Raw values of fields, folded as they came; empty: there is no such field. See parameters.h for the first two.
  std::string_view content_type, disposition, encoding_name, id, description, language, location, md5;

  std::string_view header(std::string_view message) const;  // with its empty line
  std::string_view body(std::string_view message) const;
  bool is_message() const { return number == 0; }
  bool is_type(std::string_view type_wanted) const;  // without regard to case
  bool is_type(std::string_view type_wanted, std::string_view subtype_wanted) const;
};

// In the order in which they begin; the first is the message itself. Parents stand before their children.
// `examined`, for tests of the bound on time: how many bytes were looked at, each counted as often as it was.
std::vector<MimePart> read_mime(std::string_view message, std::uint64_t* examined = nullptr);

// The part's name in IMAP (RFC 9051 6.4.5.1): "1.2"; "" for the message itself if it is a multipart, else "1". (An
// embedded message that is a multipart has the name of the part it stands in.)
std::string part_path(const std::vector<MimePart>& parts, std::uint32_t index);

// The name a part gives its file: Content-Disposition's filename, else Content-Type's name, decoded to UTF-8. Not safe
// as a path: it may hold anything. (Needs ICU.)
std::optional<std::string> file_name(const MimePart& part);

// The charset parameter as written; empty: there is none.
std::string charset_of(const MimePart& part);

}  // namespace tubepost::message
