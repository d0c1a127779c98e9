// What FETCH asks for (RFC 9051 6.4.5; RFC 3516 BINARY; RFC 7162 MODSEQ; RFC 8474; RFC 8514; RFC 8970).
// Pure; bounded numbers of sections and fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imap/scanner.h"

namespace tubepost::imap {

inline constexpr std::size_t fetch_sections_max = 100;
inline constexpr std::size_t section_fields_max = 100;
inline constexpr std::size_t section_depth_max = 100;

// RFC 9051 9 section-spec: "1.2.HEADER.FIELDS (Subject)".
struct SectionName {
  enum class What { whole, header, header_fields, header_fields_not, text, mime };
  std::vector<std::uint32_t> part;
  What what = What::whole;
  std::vector<std::string> fields;
};

struct FetchSection {
  enum class Kind { body, binary, binary_size, rfc822, rfc822_header, rfc822_text };
  Kind kind = Kind::body;
  bool peek = false;  // \Seen is left alone
  SectionName name;
  struct Partial {
    std::uint64_t offset = 0, length = 0;
  };
  std::optional<Partial> partial;

  std::string label() const;  // as the response names it: "BODY[1.TEXT]<0>"
};

enum FetchAttribute : std::uint32_t {
  fetch_flags = 1U << 0,
  fetch_uid = 1U << 1,
  fetch_internal_date = 1U << 2,
  fetch_size = 1U << 3,
  fetch_envelope = 1U << 4,
  fetch_body = 1U << 5,  // BODY without extensions
  fetch_body_structure = 1U << 6,
  fetch_modseq = 1U << 7,
  fetch_email_id = 1U << 8,
  fetch_thread_id = 1U << 9,
  fetch_save_date = 1U << 10,
  fetch_preview = 1U << 11,
};

struct FetchItems {
  std::uint32_t attributes = 0;
  std::vector<FetchSection> sections;
  bool preview_lazy = false;

  bool has(FetchAttribute attribute) const { return (attributes & attribute) != 0; }
  bool sets_seen() const;
};

FetchItems expect_fetch_items(Scanner& scanner);

}  // namespace tubepost::imap
