// The characters that HTML writes by a name or a number (HTML 4.01 24), for previews: all numbers, the names of
// Latin-1 and those of common punctuation. What shows as nothing or as a blank is a blank. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::imap {

struct HtmlEntity {
  std::size_t length = 0;  // of "&…;"
  std::string text;        // UTF-8
};

// At the beginning of `html`, which begins with '&'. nullopt: none that is known, so it stays as it is.
std::optional<HtmlEntity> take_html_entity(std::string_view html);

}  // namespace tubepost::imap
