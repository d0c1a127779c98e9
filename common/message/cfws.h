// Comments and folding white space (RFC 5322 3.2.2), which may stand nearly anywhere in structured fields.
// Internal to message/.
#pragma once

#include <string>
#include <string_view>

namespace tubepost::message {

inline constexpr unsigned comment_nesting_max = 32;

// Removes blanks, line ends and comments from the front. `comment` gets the text of the last comment, quoted
// pairs undone. A comment that is not closed, or is nested too deeply, takes the rest.
void skip_cfws(std::string_view& text, std::string* comment = nullptr);

}  // namespace tubepost::message
