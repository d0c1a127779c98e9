// RFC 2047: text in other charsets in header fields. Pure and linear. (Needs ICU.)
#pragma once

#include <string>
#include <string_view>

namespace tubepost::message {

// The raw value of a field, or a display name, as UTF-8: unfolded; encoded words decoded wherever they stand; blanks
// between two of them removed (RFC 2047 6.2); bytes of neighbours of one charset joined before they are converted, as
// many programs cut characters apart. What is no encoded word, or of an unknown charset, stands as it came; 8-bit
// bytes are what guess_utf8() finds. NUL and other controls become blanks.
std::string decode_encoded_words(std::string_view value);

// "=?utf-8?B?…?=" words of at most 75 characters, one blank between them; text that is printable ASCII and has no
// "=?" is given back as it is. `text` is UTF-8.
std::string encode_words(std::string_view text);

}  // namespace tubepost::message
