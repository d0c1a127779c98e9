// A message for who takes only seven bits (RFC 6152 3, RFC 2045 6): each part with bytes beyond ASCII gets a
// transfer encoding, quoted-printable for text, base64 for the rest, and the multiparts around it say 7bit.
// What is not touched stays byte for byte. And a message for who takes only lines. Pure.
#pragma once

#include <cstdint>
#include <optional>
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

// For protocols that carry no binary message (RFC 1939 3, RFC 6856 2.1: POP3; RFC 9051 4.3.1: IMAP): each part with NUL, or
// with CR or LF that end no line, becomes base64. Where such bytes stand otherwise (in a header, outside of any part, in a part that
// says it is encoded) NUL becomes "=00", and the others a line end. Signed or not, for it cannot be carried otherwise: whoever took it
// in has verified it. nullopt: it can be given as it is, for it has no NUL, and is not binary, or does not say so (RFC 3030 3; a
// multipart must if a part is, RFC 2045 6.4). What comes out is longer than `message`, always.
std::optional<std::string> in_lines(std::string_view message);
std::uint64_t size_in_lines(std::string_view message);

}  // namespace tubepost::message
