#include "message/transfer_encoding.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

TEST(TransferEncoding, IsReadInTheFormsItIsMetIn) {
  struct TransferEncodingCase {
    const char* value;
    TransferEncoding encoding;
  };
  const TransferEncodingCase transfer_encoding_cases[] = {{"7bit", TransferEncoding::identity},
                        {"8BIT", TransferEncoding::identity},
                        {"binary", TransferEncoding::identity},
                        {"", TransferEncoding::identity},
                        {"Base64", TransferEncoding::base64},
                        {"base64;", TransferEncoding::base64},
                        {"\"base64\"", TransferEncoding::base64},
                        {"(comment) base64 (again)", TransferEncoding::base64},
                        {"quoted-printable", TransferEncoding::quoted_printable},
                        {"7-bit", TransferEncoding::identity},
                        {"x-uuencode", TransferEncoding::unknown},
                        {"quoted printable", TransferEncoding::unknown}};
  for (const auto& c : transfer_encoding_cases) EXPECT_EQ(parse_transfer_encoding(c.value), c.encoding) << c.value;
}

struct TransferEncodingCase {
  TransferEncoding encoding;
  const char* encoded;
  std::string decoded;
  const char* why;
};

const TransferEncodingCase transfer_encoding_cases[] = {
    {TransferEncoding::base64, "aGVsbG8=", "hello", "one piece"},
    {TransferEncoding::base64, "aGVs\r\nbG8=\r\n", "hello", "lines"},
    {TransferEncoding::base64, "aGVsbG8", "hello", "no padding"},
    {TransferEncoding::base64, "aGV*s bG8=", "hello", "RFC 2045 6.8: other characters are ignored"},
    {TransferEncoding::base64, "aGU=bGxv", "hello", "two encodings in a row"},
    {TransferEncoding::base64, "aGVsbG8=a", "hello", "one digit is nothing"},
    {TransferEncoding::base64, "====", "", "padding alone"},
    {TransferEncoding::quoted_printable, "a=3Db", "a=b", "an escape"},
    {TransferEncoding::quoted_printable, "a=3db=fC", "a=b\xfc", "small letters"},
    {TransferEncoding::quoted_printable, "a=\r\nb", "ab", "a soft line break"},
    {TransferEncoding::quoted_printable, "a= \t\r\nb", "ab", "blanks behind it (RFC 2045 6.7 (3))"},
    {TransferEncoding::quoted_printable, "a=\nb", "ab", "LF alone"},
    {TransferEncoding::quoted_printable, "a  \r\nb", "a\r\nb", "blanks at the end of a line"},
    {TransferEncoding::quoted_printable, "a  b", "a  b", "blanks elsewhere"},
    {TransferEncoding::quoted_printable, "a=20\r\nb", "a \r\nb", "a blank that is meant"},
    {TransferEncoding::quoted_printable, "a=XYb", "a=XYb", "no escape"},
    {TransferEncoding::quoted_printable, "a=4", "a=4", "an escape cut off"},
    {TransferEncoding::quoted_printable, "a=4Zb", "a=4Zb", "half an escape"},
    {TransferEncoding::quoted_printable, "a==41", "a=A", "one that is none, then one"},
    {TransferEncoding::quoted_printable, "a=", "a", "a soft break at the end"},
    {TransferEncoding::identity, "a=3D ", "a=3D ", "nothing to do"},
    {TransferEncoding::unknown, "a=3D", "a=3D", "not understood: as it is"},
};

TEST(TransferDecoder, UndoesTheEncoding) {
  for (const auto& c : transfer_encoding_cases) EXPECT_EQ(decode_transfer(c.encoded, c.encoding), c.decoded) << c.why;
}

TEST(TransferDecoder, MindsNotHowItsInputIsCut) {
  for (const auto& c : transfer_encoding_cases) {
    TransferDecoder decoder(c.encoding);
    std::string out;
    for (const char* p = c.encoded; *p != 0; ++p) decoder.feed({p, 1}, out);
    decoder.finish(out);
    EXPECT_EQ(out, c.decoded) << c.why;
  }
}

TEST(TransferEncoding, IsUndoneByDecoding) {
  std::string all;
  for (int round = 0; round < 4; ++round)
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  all += "From here\r\n.\r\n..\r\nblank at the end \r\ntab\t\r\n" + std::string(200, '=') + "\r\n" +
         std::string(76, 'x') + "\r\n" + std::string(77, 'x') + " ";
  const auto quoted = encode_quoted_printable(all), base64 = encode_base64_lines(all);
  EXPECT_EQ(decode_transfer(quoted, TransferEncoding::quoted_printable), all);
  EXPECT_EQ(decode_transfer(base64, TransferEncoding::base64), all);
  for (const auto* text : {&quoted, &base64}) {
    for (std::size_t at = 0; at < text->size();) {
      const auto end = std::min(text->find("\r\n", at), text->size());
      EXPECT_LE(end - at, 76u);
      EXPECT_NE(text->substr(at, 5), "From ");
      EXPECT_NE(text->substr(at, end - at), ".");
      at = end + 2;
    }
  }
}

}  // namespace
}  // namespace tubepost::message
