// BODYSTRUCTURE and BODY (RFC 9051 7.5.2) of a message whose parts are known. BODY is BODYSTRUCTURE without the
// extension data, so one text serves both.
//
// Types, parameters and encodings stand as they came; RFC 2231 parameters are not decoded. What the grammar has no form
// for is answered like this: a multipart without any part is text/plain; a multipart or embedded message that was not
// opened (too deep, too many, encoded) is application/octet-stream; no Content-Type is text/plain with charset us-ascii;
// a message/global that was opened is written like message/rfc822. Pure; recursion is bounded by mime_depth_max.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "message/mime_part.h"

namespace tubepost::imap {

struct TextRange {
  std::uint32_t begin = 0, length = 0;
};

struct BodyStructure {
  std::string text;                   // BODYSTRUCTURE
  std::vector<TextRange> extensions;  // what BODY has not, in order, without overlap
};
BodyStructure render_body_structure(std::string_view message, const std::vector<message::MimePart>& parts);

}  // namespace tubepost::imap
