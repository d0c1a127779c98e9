// PREVIEW (RFC 8970): the beginning of a message's text, for lists of messages. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "message/mime_part.h"

namespace tubepost::imap {

// Of the first text/plain part that is no attachment, else of the first text/html, without its tags: UTF-8, one line,
// preview_max characters at most. Empty: there is no text.
std::string make_preview(std::string_view message, const std::vector<message::MimePart>& parts);

}  // namespace tubepost::imap
