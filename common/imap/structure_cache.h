// What FETCH, SEARCH, SORT and THREAD want to know of a message, computed once from its body (at delivery or APPEND) and
// kept beside it as opaque bytes, so that none of them parses a body again.
//
//   record.structure = imap::make_structure(body);
//   …
//   const imap::StructureView view(record.structure);
//   if (!view.valid()) …                       // none, damaged, or of another version: make it again
//   out += view.envelope();                    // a slice of the record
//
// A stored message is a generated head (Return-Path …) and a body (mailstore.h): the structure is of the body alone, its
// offsets are relative to the body, and section.h adds the head where one is asked for.
//
// Format, numbers little-endian; a record of another version is not read but made again:
//   structure = "S" version:u8 flags:u16 zone:i16 reserved:u16 body-size:u64 sent:i64 end:u32 * slots  data
//   data      = the slots one behind the other; `end` of each is relative to where data begins
//   flags     = 1 there is a sent date; 2 the subject says reply or forward; 4 a folded text was cut; 8 to 128 there is a
//               From, To, Cc, Bcc, Subject field
// The slots are listed in structure_cache.cc. Those that searches read stand first.
//
// Ownership: a view points into the record and allocates nothing. It believes no number: a damaged record gives wrong or
// empty answers, never a read outside it. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/mime_part.h"

namespace tubepost::imap {

inline constexpr std::uint8_t structure_version = 1;
inline constexpr std::size_t folded_field_max = 32 << 10;  // of one folded text
inline constexpr std::size_t preview_max = 200;            // characters (RFC 8970 3.2)

std::string make_structure(std::string_view body);

// A part as message::MimePart has it; offsets into the body.
struct PartEntry {
  std::uint64_t header_begin = 0, body_begin = 0, body_end = 0;
  std::uint32_t lines = 0;
  std::uint32_t parent = message::no_part, first_child = message::no_part, next_sibling = message::no_part;
  std::uint32_t number = 0;
  message::Opened opened = message::Opened::leaf;
  message::TransferEncoding encoding = message::TransferEncoding::identity;
};

// Decoded (RFC 2047), case-folded (charset.h) text of all fields of that name: what SEARCH FROM … look into.
enum class FoldedField { from, to, cc, bcc, subject };

class StructureView {
public:
  StructureView() = default;
  explicit StructureView(std::string_view record);
  bool valid() const { return !record_.empty(); }

  std::string_view envelope() const;        // "(…)"
  std::string_view body_structure() const;  // "(…)"
  std::string body() const;                 // "(…)", without extension data
  std::string_view preview() const;         // UTF-8, one line

  std::uint64_t body_size() const;
  std::uint32_t part_count() const;
  PartEntry part(std::uint32_t index) const;  // beyond the last: an empty one
  // The part with that number in its multipart, or the embedded message for number 0; no_part: there is none.
  std::uint32_t child(std::uint32_t index, std::uint32_t number) const;

  std::string_view folded(FoldedField field) const;
  bool has(FoldedField field) const;  // such a field stands in the header, be it empty
  bool folded_is_complete() const;    // false: one of them was cut at folded_field_max; look into the message

  // The Date field; nullopt: none, or unreadable (SORT and THREAD take the internal date then).
  std::optional<std::chrono::sys_seconds> sent() const;
  std::optional<std::chrono::sys_days> sent_day()
      const;  // as it was written, without regard to time and zone

  std::string_view base_subject() const;  // folded
  bool is_reply_or_forward() const;
  // addr-mailbox of the first address, folded (RFC 5256 3); "": none.
  std::string_view from_mailbox() const;
  std::string_view to_mailbox() const;
  std::string_view cc_mailbox() const;
  std::string_view display_from() const;  // RFC 5957 3, folded
  std::string_view display_to() const;
  std::string_view message_id() const;  // normalised; "": none
  std::string_view references()
      const;  // RFC 5256: of References, else In-Reply-To; '\n' between ids, oldest first

private:
  std::string_view slot(unsigned index) const;
  std::string_view record_;
};

}  // namespace tubepost::imap
