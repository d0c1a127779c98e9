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

}  // namespace tubepost::message
