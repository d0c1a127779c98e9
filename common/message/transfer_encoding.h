// Content-Transfer-Encodings (RFC 2045 6): what a part says of itself, decoding and encoding. Decoding is as tolerant
// as readers of mail must be: it never fails, and what is no base64 or no escape is skipped or stands for itself. It
// can be fed in pieces of any size; its output is never longer than its input. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tubepost::message {

// identity: 7bit, 8bit, binary, and none at all. unknown: the bytes cannot be read (IMAP: UNKNOWN-CTE).
enum class TransferEncoding : std::uint8_t { identity, base64, quoted_printable, unknown };

// The value of a Content-Transfer-Encoding field, with the forms often met in error: a ';' behind it, comments, quotes,
// "8-bit", "7bits".
TransferEncoding parse_transfer_encoding(std::string_view value);

//   TransferDecoder decoder(part.encoding);
//   decoder.feed(piece, out); … decoder.finish(out);
class TransferDecoder {
public:
  explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}
  void feed(std::string_view piece, std::string& out);  // appends
  void finish(std::string& out);                        // what was held back at the end of the last piece

private:
  void feed_base64(std::string_view piece, std::string& out);
  void feed_quoted_printable(std::string_view piece, std::string& out);
  std::size_t take_plain(std::string_view text, std::string& out);
  void take_quoted_printable(char c, std::string& out);
  void end_escape(char c, std::string& out);

  TransferEncoding encoding_;
  std::uint32_t bits_ = 0;
  unsigned count_ = 0;  // base64: digits in bits_
  std::string
      held_;  // quoted-printable: an escape that is not complete, or blanks that may stand at a line's end
};

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding);

// Lines of 76 characters with CRLF, the last one too (RFC 2045 6.8).
std::string encode_base64_lines(std::string_view bytes);
// RFC 2045 6.7, lines of 76 characters at most. CRLF stays a line end; a bare CR or LF is escaped. Bytes that a
// gateway, a "From " line or a lone dot could hurt are escaped as well.
std::string encode_quoted_printable(std::string_view text);

}  // namespace tubepost::message
