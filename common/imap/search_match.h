// Whether a message has a text (RFC 9051 6.4.4: HEADER, FROM …, BODY, TEXT): substrings without regard to case.
//
//   const auto needle = Needle::make(key.text, program.charset);   // once a search; nullopt: NO [BADCHARSET]
//   MessageText text{structure, search_text, head, [&] { return body; }};
//   if (header_has(text, "from", *needle)) …
//
// From, To, Cc, Bcc and Subject are looked up in the structure alone, so that a search by them reads no more than that.
// The rest is looked up in the search text; `body` is called only where that is missing, of another version, or was cut;
// if it is not set, there is nothing more to be found.
// Pure, but for `body`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "imap/search_text.h"
#include "imap/structure_cache.h"

namespace tubepost::imap {

class Needle {
public:
  // nullopt: an unknown charset. `charset` empty: UTF-8, as RFC 9051 6.4.4 has it.
  static std::optional<Needle> make(std::string_view text, std::string_view charset);
  bool is_in(std::string_view folded) const;  // an empty one is in everything
  bool empty() const { return folded_.empty(); }

private:
  explicit Needle(std::string folded) : folded_(std::move(folded)) {}
  std::string folded_;
};

struct MessageText {
  StructureView structure;
  SearchTextView text;
  std::string_view head;  // the generated fields before the body
  std::function<std::string_view()> body;
};

bool header_has(const MessageText& message, std::string_view field,
                const Needle& needle);  // empty: the field is there
bool body_has(const MessageText& message, const Needle& needle);
bool text_has(const MessageText& message, const Needle& needle);  // header or body

}  // namespace tubepost::imap
