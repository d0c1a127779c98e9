#include "base/text.h"

#include <gtest/gtest.h>

namespace tubepost {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST(Text, ChangesTheCaseOfAsciiLettersOnly) {
  EXPECT_EQ(to_lower("ABC-Ä"), "abc-Ä");
  EXPECT_EQ(to_upper("abc-ä"), "ABC-ä");
  EXPECT_TRUE(equal_ignoring_case("PostMaster", "postmaster"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));  // differ by the bit that letters differ by
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_TRUE(starts_with_ignoring_case("EHLO x", "ehlo "));
  EXPECT_FALSE(starts_with_ignoring_case("EH", "ehlo"));
}

TEST(Text, TrimsBlanksAndLineEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("\r\n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitsWithEmptyPiecesAndWordsWithout) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(split("a,", ','), (std::vector<std::string_view>{"a", ""}));
  EXPECT_EQ(split_words("  a \t b "), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(split_words(" ").empty());
  EXPECT_EQ(join({"a", "b", ""}, ", "), "a, b, ");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Text, ReadsWholeNumbersWithinRange) {
  EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(parse_number<int>("-5"), -5);
  for (const char* text : {"65536", "-1", "+1", "", " 1", "1 ", "0x1", "1.0"})
    EXPECT_EQ(parse_number<std::uint16_t>(text), std::nullopt) << text;
}

struct SizeCase {
  const char* text;
  std::optional<std::uint64_t> size;
  const char* why;
};
class SizeTest : public testing::TestWithParam<SizeCase> {};
TEST_P(SizeTest, IsReadInPowersOf1024) {
  EXPECT_EQ(parse_size(GetParam().text), GetParam().size) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(Sizes, SizeTest,
                         testing::Values(SizeCase{"0", 0, "bytes"},
                                         SizeCase{"50M", 50 << 20, "the default size"},
                                         SizeCase{"1k", 1024, "small letters too"},
                                         SizeCase{"17179869183G", 17179869183ULL << 30, "the largest"},
                                         SizeCase{"17179869184G", {}, "2^64"}, SizeCase{"M", {}, "no number"},
                                         SizeCase{"1.5M", {}, "a fraction"},
                                         SizeCase{"5MB", {}, "no such unit"}, SizeCase{"-1", {}, "negative"},
                                         SizeCase{"", {}, "nothing"}));

struct DurationCase {
  const char* text;
  std::optional<std::chrono::seconds> duration;
  const char* why;
};
class DurationTest : public testing::TestWithParam<DurationCase> {};
TEST_P(DurationTest, IsReadWithItsUnit) {
  EXPECT_EQ(parse_duration(GetParam().text), GetParam().duration) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(
    Durations, DurationTest,
    testing::Values(DurationCase{"90", 90s, "seconds without a unit"}, DurationCase{"90s", 90s, "seconds"},
                    DurationCase{"5m", 5min, "minutes"}, DurationCase{"4h", 4h, "hours"},
                    DurationCase{"36d", 36 * 24h, "days"}, DurationCase{"99999999999d", {}, "overflows"},
                    DurationCase{"-1s", {}, "negative"}, DurationCase{"1w", {}, "no such unit"},
                    DurationCase{"1h30m", {}, "two units"}, DurationCase{"s", {}, "no number"},
                    DurationCase{"", {}, "nothing"}));

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(5 * 24h), "5d");
  EXPECT_EQ(format_duration(36h), "36h");
  EXPECT_EQ(format_duration(90min), "90m");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(0s), "0s");
}

struct GlobCase {
  const char *pattern, *text;
  bool matches;
};
class GlobTest : public testing::TestWithParam<GlobCase> {};
TEST_P(GlobTest, MatchesOrNot) {
  EXPECT_EQ(glob_matches(GetParam().pattern, GetParam().text), GetParam().matches)
      << GetParam().pattern << " on " << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(Globs, GlobTest,
                         testing::Values(GlobCase{"", "", true}, GlobCase{"*", "", true},
                                         GlobCase{"?", "", false},
                                         GlobCase{"*@example.test", "Bob@EXAMPLE.test", true},
                                         GlobCase{"*@example.test", "bob@example.test.evil", false},
                                         GlobCase{"a*b*c", "aXbXbXc", true},
                                         GlobCase{"a*b*c", "aXbXbX", false}, GlobCase{"a?c", "abc", true},
                                         GlobCase{"a**", "a", true}, GlobCase{"bob", "bobby", false}));

TEST(Glob, TakesLinearTimeInPractice) {
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));
}

TEST(PercentEscape, ComesBackUnchanged) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const auto escaped = percent_escape(all, " ");
  EXPECT_EQ(escaped.find_first_of(std::string_view("\r\n\0 ", 4)), std::string::npos);
  EXPECT_EQ(percent_unescape(escaped), all);
  EXPECT_EQ(percent_escape("100%\r\n"), "100%25%0D%0A");
}

TEST(PercentEscape, IsRefusedWhereBroken) {
  for (const char* text : {"%", "a%4", "%4g", "%%41"})
    EXPECT_EQ(percent_unescape(text), std::nullopt) << text;
  EXPECT_EQ(percent_unescape("%4a%4A"), "JJ");
}

struct PrintableCase {
  std::string text, printed;
  const char* why;
};
class PrintableTest : public testing::TestWithParam<PrintableCase> {};
TEST_P(PrintableTest, ShowsNothingThatSteersATerminal) {
  EXPECT_EQ(printable(GetParam().text), GetParam().printed) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(Texts, PrintableTest,
                         testing::Values(PrintableCase{"a b", "a b", "ASCII"},
                                         PrintableCase{"grüße €😀", "grüße €😀", "UTF-8"},
                                         PrintableCase{"\x1b[31m\x7f", "\\x1B[31m\\x7F", "controls"},
                                         PrintableCase{"\xc2\x9b", "\\xC2\\x9B", "a C1 control"},
                                         PrintableCase{"\xff\xc3", "\\xFF\\xC3", "no UTF-8"},
                                         PrintableCase{"\xc0\xaf", "\\xC0\\xAF", "overlong"},
                                         PrintableCase{std::string("\0", 1), "\\x00", "NUL"}));

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("aaaa", 3), "aaa");
  EXPECT_EQ(printable("aaü", 3), "aa");
}

TEST(Utf8, IsWhatRfc3629Says) {
  for (const char* good : {"", "a", "ü", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("})
    EXPECT_FALSE(is_valid_utf8(bad)) << to_hex(bad);
}

struct CommandCase {
  const char* text;
  std::optional<Words> words;
  const char* why;
};
class CommandTest : public testing::TestWithParam<CommandCase> {};
TEST_P(CommandTest, IsSplitWithoutAShell) {
  EXPECT_EQ(split_command(GetParam().text), GetParam().words) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(
    Commands, CommandTest,
    testing::Values(CommandCase{"scan -a  %f", Words{"scan", "-a", "%f"}, "blanks"},
                    CommandCase{"a \"b c\"d", Words{"a", "b cd"}, "quotes join"},
                    CommandCase{"a \"\"", Words{"a", ""}, "an empty word"},
                    CommandCase{"a\\ b \\\"", Words{"a b", "\""}, "a backslash takes the next one as it is"},
                    CommandCase{"$HOME `x` ; |", Words{"$HOME", "`x`", ";", "|"}, "nothing is expanded"},
                    CommandCase{"a \"b", {}, "an open quotation mark"},
                    CommandCase{"  ", Words{}, "nothing"}));

TEST(Hex, IsLowerCase) { EXPECT_EQ(to_hex(std::string("\x00\xaf", 2)), "00af"); }

TEST(Quoted, HasABackslashBeforeQuotesAndBackslashes) {
  EXPECT_EQ(quoted(""), "\"\"");
  EXPECT_EQ(quoted("a \"b\\"), "\"a \\\"b\\\\\"");
  std::string line = "key=";
  append_quoted(line, "a b");
  EXPECT_EQ(line, "key=\"a b\"");
}

TEST(WithCrlf, KeepsWhatIsRight) {
  EXPECT_EQ(with_crlf(""), "");
  EXPECT_EQ(with_crlf("a"), "a\r\n");
  EXPECT_EQ(with_crlf("a\r\nb\n\nc\r\n"), "a\r\nb\r\n\r\nc\r\n");
  EXPECT_EQ(with_crlf("a\r"), "a\r\n");
}

}  // namespace
}  // namespace tubepost
