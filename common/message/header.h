// The header of a message (RFC 5322 2.2), read where it stands: views into the text, nothing copied, nothing
// allocated a field. Tolerant by itself (what is no field is passed over); corruption() is the strict judge.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tubepost::message {

struct Field {
  std::string_view name;   // as written
  std::string_view value;  // raw: folded, without the last CRLF and the blanks in front
  std::string_view whole;  // the whole field with its CRLF
};

// Walks the fields of `text` up to the empty line (or the end).
class FieldReader {
public:
  explicit FieldReader(std::string_view text) : rest_(text) {}
  std::optional<Field> next();  // lines that are no field are skipped
  // Offset of the body behind the empty line; the size of the text where there is none. After next() gave
  // nullopt.
  static std::size_t body_offset(std::string_view text);

private:
  std::string_view rest_;
};

std::size_t count_fields(std::string_view header, std::string_view name);
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

// S7, the closed list; `header` up to and including the empty line. What is wrong, as words for a reply:
//   no header field at all; a line that is neither a field nor a continuation; a NUL; a bare CR or LF; From,
//   Sender, Reply-To, To, Cc, Bcc, Message-ID, In-Reply-To, References, Subject or Date twice (RFC 5322 3.6);
//   on submission, a From that names nobody.
std::optional<std::string> corruption(std::string_view header, bool submission);

// RFC 6409 8: the fields From, Date and Message-ID that `header` lacks, ready to be put before it.
std::string missing_fields(std::string_view header, std::string_view submitter, std::string_view hostname,
                           Timestamp now);

// RFC 5322 3.3: "Sat, 21 Nov 2026 02:08:17 +0000".
std::string rfc5322_date(Timestamp time);

}  // namespace tubepost::message
