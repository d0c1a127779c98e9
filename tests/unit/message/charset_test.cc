#include "message/charset.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

struct CharsetCase {
  std::string_view bytes;
  const char* charset;
  const char* text;
};

TEST(Charsets, BecomeUtf8) {
  using namespace std::string_view_literals;
  const CharsetCase cases[] = {
      {"\xe4\xf6\xfc", "ISO-8859-1", "äöü"},
      {"\xa4", "iso-8859-15", "€"},
      {"\xb1", "iso-8859-2", "ą"},
      {"\x93\x94", "windows-1252", "“”"},
      {"\xcf\xf0\xe8\xe2\xe5\xf2", "windows-1251", "Привет"},
      {"\xf0\xd2\xc9\xd7\xc5\xd4", "koi8-r", "Привет"},
      {"\xc4\xe3\xba\xc3", "gb2312", "你好"},
      {"\xc4\xe3\xba\xc3", "gb18030", "你好"},
      {"\xa7\x41\xa6\x6e", "big5", "你好"},
      {"\x93\xfa\x96\x7b", "shift_jis", "日本"},
      {"\xc6\xfc\xcb\xdc", "euc-jp", "日本"},
      {"\x1b$BF|K\\\x1b(B", "iso-2022-jp", "日本"},
      {"\xc7\xd1", "ks_c_5601-1987", "한"},
      {"+AOQ-", "utf-7", "ä"},
      {"\0a\0b"sv, "utf-16be", "ab"},
      {"a\0b\0"sv, "utf-16le", "ab"},
      {"\xd8\x3d\xde\x00"sv, "utf-16be", "😀"},
      {"\xc3\xbc", "utf8", "ü"},
      {"\xc3", "utf-8", "\xef\xbf\xbd"},
      {"\xc3\xbc", "us-ascii", "ü"},
      {"\xfc", "", "ü"},
  };
  for (const auto& c : cases) EXPECT_EQ(to_utf8(c.bytes, c.charset), c.text) << c.charset;
}

TEST(Charsets, ThatAreUnknownAreSaidToBe) {
  for (const auto* name : {"x-nowhere", "utf-8,version=1", "../../etc/passwd", "\xff"}) {
    EXPECT_FALSE(is_known_charset(name)) << name;
    EXPECT_EQ(to_utf8("a", name), std::nullopt) << name;
  }
  EXPECT_FALSE(is_known_charset(std::string(charset_name_max + 1, 'a')));
  EXPECT_TRUE(is_known_charset("UTF-8"));
  EXPECT_TRUE(is_known_charset("US-ASCII"));
}

TEST(Charsets, ConvertTextOfAnyLength) {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text.append(
        "\xd8\x3d\xde\x00\x00"
        "a",
        6);
  const auto utf8 = to_utf8(text, "utf-16be");
  ASSERT_TRUE(utf8.has_value());
  EXPECT_EQ(utf8->size(), 500'000u);
  EXPECT_EQ(utf8->find("\xef\xbf\xbd"), std::string::npos)
      << "a pair of surrogates was cut at a buffer's end";
}

TEST(FoldedText, ComparesEqualWhateverItsCase) {
  struct Pair {
    const char* a;
    const char* b;
    const char* why;
  };
  const Pair pairs[] = {{"Hello", "hELLO", "ASCII"},
                        {"GRÜSSE", "grüsse", "Latin"},
                        {"u\xcc\x88", "Ü", "composed or not"},
                        {"ПРИВЕТ", "привет", "Cyrillic"},
                        {"ǆ", "Ǆ", "RFC 5051: by titlecase"},
                        {"ﬁ", "fi", "compatibility"},
                        {"㎝", "cm", "compatibility, beyond the RFC"},
                        {"Å", "å", "the Angstrom sign"}};
  for (const auto& pair : pairs) EXPECT_EQ(fold_case(pair.a), fold_case(pair.b)) << pair.why;
  EXPECT_NE(fold_case("a"), fold_case("b"));
  EXPECT_NE(fold_case("o"), fold_case("ö")) << "accents count";
  EXPECT_EQ(fold_case("straße"), "STRAßE") << "simple mappings only";
  EXPECT_EQ(fold_case("a\xff"), "A\xef\xbf\xbd");
}

TEST(FoldedText, IsTheSameWhereverItIsCutForWorking) {
  std::string text;
  while (text.size() < 300'000) text += "日本語ü";
  std::string once = fold_case("日本語ü"), expected;
  while (expected.size() < text.size() / std::string("日本語ü").size() * once.size()) expected += once;
  EXPECT_EQ(fold_case(text), expected);
}

}  // namespace
}  // namespace tubepost::message
