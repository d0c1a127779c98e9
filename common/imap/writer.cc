#include "imap/writer.h"

#include <algorithm>

#include "base/text.h"
#include "imap/mailbox_name.h"
#include "imap/scanner.h"

namespace tubepost::imap {
namespace {

constexpr std::size_t quoted_max = 1000;  // longer ones are easier read as literals

bool may_be_quoted(std::string_view text) {
  return text.size() <= quoted_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  may_be_quoted(text) ? append_quoted(out, text) : append_literal(out, text);
}

void append_nstring(std::string& out, const std::optional<std::string>& text) {
  text ? append_string(out, *text) : void(out += "NIL");
}

void append_literal(std::string& out, std::string_view bytes) {
  out += '{';
  append_number(out, bytes.size());
  out += "}\r\n";
  out += bytes;
}

void append_astring(std::string& out, std::string_view text) {
  const bool atom = !text.empty() && std::all_of(text.begin(), text.end(), is_astring_char) &&
                    !equal_ignoring_case(text, "NIL");
  atom ? void(out += text) : append_string(out, text);
}

void append_mailbox(std::string& out, std::string_view name, bool utf8) {
  if (!utf8) return append_astring(out, encode_utf7(name));
  const bool control = std::any_of(name.begin(), name.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return c > 0; });
  if (ascii) return append_astring(out, name);
  control ? append_literal(out, name) : append_quoted(out, name);
}

}  // namespace tubepost::imap
