#include "message/encoded_word.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

struct EncodedWordCase {
  const char* raw;
  const char* text;
  const char* why;
};

TEST(EncodedWords, AreDecodedAsRfc2047AndMailHaveThem) {
  const EncodedWordCase cases[] = {
      {"plain", "plain", "nothing to do"},
      {"=?iso-8859-1?q?this=20is=20some=20text?=", "this is some text", "RFC 2047 2"},
      {"(=?ISO-8859-1?Q?a?= b)", "(a b)", "RFC 2047 8"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", "RFC 2047 8: blanks between two words"},
      {"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab", "RFC 2047 8: a fold between two words"},
      {"=?ISO-8859-1?Q?a_b?=", "a b", "RFC 2047 4.2"},
      {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b", "RFC 2047 8: another charset"},
      {"=?utf-8?B?w7w=?=", "ü", "base64"},
      {"=?utf-8?B?ww==?= =?utf-8?B?vA==?=", "ü", "a character cut in two"},
      {"=?utf-8*de?Q?gr=C3=BCn?=", "grün", "RFC 2231 5: a language"},
      {"=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語", "a charset with states"},
      {"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국", "as Outlook names it"},
      {"=?windows-1252?Q?=80?=", "€", "windows-1252"},
      {"=?iso-8859-1?Q?=80?=", "€", "what calls itself Latin-1"},
      {"=?x-nowhere?Q?a?=", "=?x-nowhere?Q?a?=", "an unknown charset stays"},
      {"=?utf-8?X?a?=", "=?utf-8?X?a?=", "an unknown encoding stays"},
      {"=?utf-8?Q?a", "=?utf-8?Q?a", "not closed"},
      {"=?utf-8?Q?a b?=", "a b", "a blank inside: wrong, and usual"},
      {"=?utf-8?Q?=41?==?utf-8?Q?=42?=", "AB", "no blank between: wrong, and usual"},
      {"x=?utf-8?Q?y?=z", "xyz", "within a word: wrong, and usual"},
      {"=?utf-8?Q?" "?=", "", "nothing inside"},
      {"=?utf-8?Q?=?utf-8?Q?b?=", "=?utf-8?Q?b", "one opens inside another"},
      {"folded\r\n\ttext", "folded text", "unfolded; a tab is a blank"},
      {"gr\xc3\xbcn", "grün", "UTF-8 as it is (RFC 6532)"},
      {"gr\xfcn", "grün", "8-bit that is not UTF-8"},
      {"=?utf-8?Q?a=0D=0Ab=00c?=", "a  b c", "controls from inside become blanks"},
      {"=?utf-8?Q?=FF?=", "\xef\xbf\xbd", "bytes that are not the charset's"},
  };
  for (const auto& c : cases) EXPECT_EQ(decode_encoded_words(c.raw), c.text) << c.why << ": " << c.raw;
}

TEST(EncodedWords, ThatAreNeverClosedCostNoMoreThanTheirLength) {
  std::string text;
  while (text.size() < 2'000'000) text += "=?utf-8?Q?";
  EXPECT_EQ(decode_encoded_words(text), text);  // would take minutes if each looked for its end
}

TEST(EncodedWords, AreWrittenInPiecesThatFitALine) {
  EXPECT_EQ(encode_words("plain"), "plain");
  EXPECT_EQ(encode_words("=?"), "=?utf-8?B?PT8=?=");
  std::string text;
  for (int i = 0; i < 100; ++i) text += "ü€";
  const auto words = encode_words(text);
  EXPECT_EQ(decode_encoded_words(words), text);
  std::size_t begin = 0;
  while (begin < words.size()) {
    const auto end = std::min(words.find(' ', begin), words.size());
    EXPECT_LE(end - begin, 75u);
    EXPECT_EQ(decode_encoded_words(words.substr(begin, end - begin)).find("\xef\xbf\xbd"), std::string::npos);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace tubepost::message
