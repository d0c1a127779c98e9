// A surrogate for readers that did not ask for UTF-8 (RFC 6856 2.1, RFC 6858): the header without a byte beyond ASCII.
// The text of an address field becomes the name of an empty group (RFC 6858 3.1.2), that of any other field encoded words
// (RFC 2047); bytes that are no UTF-8 are said to be of an unknown charset. The body is not looked at. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tubepost::message {

// `header`: fields with their CRLF, with or without the empty line behind them; comes back as long in fields.
std::string downgraded_header(std::string_view header);

}  // namespace tubepost::message
