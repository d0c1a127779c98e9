// A message for who takes only seven bits (RFC 6152 3, RFC 2045 6): each part with bytes beyond ASCII gets a
// transfer encoding, quoted-printable for text, base64 for the rest, and the multiparts around it say 7bit.
// What is not touched stays byte for byte. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "message/eight_bit.h"

namespace tubepost::message {

// Signed or encrypted by its author or its server: a change would break it (multipart/signed,
// multipart/encrypted, application/pkcs7-mime, DKIM-Signature, ARC).
bool is_signed(std::string_view message);

// Permanent Failures, 5.6.3: the message is signed; its header has bytes beyond ASCII, or a part that says it
// is encoded has them.
Result<std::string> to_seven_bit(std::string_view message);

// RFC 3030 3: its header says that it is binary, as that of a multipart must if a part is (RFC 2045 6.4).
bool says_binary(std::string_view message);

// For a protocol of lines (RFC 1939 3: POP3): each part with NUL or with CR or LF that end no line becomes base64. Permanent
// Failures, 5.6.3: as above, and where such bytes stand outside of any part.
Result<std::string> to_lines(std::string_view message);

}  // namespace tubepost::message
