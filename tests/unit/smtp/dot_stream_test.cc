#include "smtp/dot_stream.h"

#include <gtest/gtest.h>

#include "support/dot_reference.h"

namespace tubepost::smtp {
namespace {

struct Read {
  std::string content;
  std::size_t consumed = 0;
  bool finished = false;
  DotReader::Findings findings;
};

Read read_in_pieces(std::string_view input, std::size_t piece) {
  DotReader reader;
  Read read;
  const ContentSink sink = [&](std::string_view span) { read.content += span; };
  while (read.consumed < input.size() && !reader.finished())
    read.consumed += reader.feed(input.substr(read.consumed, piece), sink);
  read.finished = reader.finished();
  read.findings = reader.findings();
  return read;
}
Read read_all(std::string_view input) { return read_in_pieces(input, std::string::npos); }

struct DotStreamCase {
  const char* name;
  std::string_view input;
  bool ends;                 // the message ends in the input
  std::string_view content;  // without what follows its end
  const char* why;
};
using namespace std::string_view_literals;
const DotStreamCase cases[] = {
    {"Empty", ".\r\n"sv, true, ""sv, "a dot alone at the beginning is an empty message"},
    {"OneLine", "a\r\n.\r\n"sv, true, "a\r\n"sv, "RFC 5321 4.1.1.4"},
    {"Stuffed", "..\r\n.\r\n"sv, true, ".\r\n"sv, "RFC 5321 4.5.2: one dot is removed"},
    {"StuffedText", ".a\r\n.\r\n"sv, true, "a\r\n"sv, "also when the client forgot to double it"},
    {"DotInside", "a.\r\nb.c\r\n.\r\n"sv, true, "a.\r\nb.c\r\n"sv, "only at the beginning of a line"},
    {"Rest", "a\r\n.\r\nQUIT\r\n"sv, true, "a\r\n"sv, "what follows is the next command"},
    {"NoEnd", "a\r\n."sv, false, "a\r\n"sv, "the end is not there yet"},
    {"LfDotLf", "a\n.\nb\r\n.\r\n"sv, true, "a\n.\nb\r\n"sv, "smuggling: LF.LF is no end"},
    {"LfDotCrlf", "a\n.\r\nb\r\n.\r\n"sv, true, "a\n.\r\nb\r\n"sv, "smuggling: LF.CRLF is no end"},
    {"CrlfDotLf", "a\r\n.\nb\r\n.\r\n"sv, true, "a\r\n\nb\r\n"sv,
     "smuggling: CRLF.LF is no end, the dot goes"},
    {"CrDotCr", "a\r.\rb\r\n.\r\n"sv, true, "a\r.\rb\r\n"sv, "smuggling: CR.CR is no end"},
    {"CrlfDotCr", "a\r\n.\rb\r\n.\r\n"sv, true, "a\r\n\rb\r\n"sv,
     "smuggling: CRLF.CR is no end, the dot goes"},
    {"CrlfDotCrCrLf", "a\r\n.\r\r\nb\r\n.\r\n"sv, true, "a\r\n\r\r\nb\r\n"sv, "a CR more is no end either"},
    {"NulDot", "a\r\n\0.\r\n.\r\n"sv, true, "a\r\n\0.\r\n"sv, "NUL is content"},
    {"CrCrLfDot", "a\r\r\n.\r\n"sv, true, "a\r\r\n"sv, "the second CR belongs to the line end"},
};

class DotReaderCases : public testing::TestWithParam<DotStreamCase> {};

TEST_P(DotReaderCases, GiveTheSameWhereverTheyAreCut) {
  const DotStreamCase& c = GetParam();
  for (std::size_t piece = 1; piece <= c.input.size() + 1; ++piece) {
    const Read read = read_in_pieces(c.input, piece);
    EXPECT_EQ(read.finished, c.ends) << c.why << ", pieces of " << piece;
    EXPECT_EQ(read.content, c.content) << c.why << ", pieces of " << piece;
    EXPECT_EQ(read.findings.octets, c.content.size());
  }
}
INSTANTIATE_TEST_SUITE_P(Table, DotReaderCases, testing::ValuesIn(cases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(DotReader, LeavesWhatFollowsTheEnd) {
  const std::string_view input = "a\r\n.\r\nRSET\r\n";
  EXPECT_EQ(read_all(input).consumed, input.size() - 6);
  DotReader reader;
  reader.feed(".\r\n", [](std::string_view) {});
  EXPECT_EQ(reader.feed("more", [](std::string_view) {}), 0u);
}

TEST(DotReader, MeasuresTheLongestLineWithoutCrlfAndWithoutTheDotThatGoes) {
  EXPECT_EQ(read_all("abc\r\n.defgh\r\nij\r\n.\r\n").findings.longest_line, 5u);
  EXPECT_EQ(read_all(std::string(2000, 'x') + "\r\n.\r\n").findings.longest_line, 2000u);
  EXPECT_EQ(read_all("abc").findings.longest_line, 3u) << "a line that has not ended";
  EXPECT_EQ(read_all("ab\ncd\r\n.\r\n").findings.longest_line, 5u) << "a bare LF ends no line";
}

TEST(DotReader, FindsBareLineEndsNulAndEightBit) {
  const auto clean = read_all("a\r\nb\r\n.\r\n").findings;
  EXPECT_FALSE(clean.bare_cr || clean.bare_lf || clean.nul || clean.eight_bit);
  EXPECT_TRUE(read_all("a\rb\r\n.\r\n").findings.bare_cr);
  EXPECT_TRUE(read_all("a\r\r\n.\r\n").findings.bare_cr);
  EXPECT_TRUE(read_all(".\rb\r\n.\r\n").findings.bare_cr);
  EXPECT_FALSE(read_all("a\rb\r\n.\r\n").findings.bare_lf);
  EXPECT_TRUE(read_all("a\nb\r\n.\r\n").findings.bare_lf);
  EXPECT_TRUE(read_all("\n\r\n.\r\n").findings.bare_lf);
  EXPECT_TRUE(read_all(std::string_view("a\0b\r\n.\r\n", 8)).findings.nul);
  EXPECT_TRUE(read_all("\xC3\xA4\r\n.\r\n").findings.eight_bit);
}

TEST(DotReader, LooksAtNothingBehindTheEnd) {
  const auto found = read_all(std::string_view("a\r\n.\r\nx\ry\n\0\xff", 14)).findings;
  EXPECT_FALSE(found.bare_cr || found.bare_lf || found.nul || found.eight_bit);
}

TEST(DotReader, FindsAMarkAnywhereInALongMessage) {
  const std::string clean(1000, 'x');
  for (std::size_t at = 0; at < clean.size(); at += 7) {
    std::string marked = clean;
    marked[at] = '\0';
    EXPECT_TRUE(read_all(marked + "\r\n.\r\n").findings.nul) << at;
    marked[at] = '\r';
    EXPECT_TRUE(read_all(marked + "\r\n.\r\n").findings.bare_cr) << at;
    marked[at] = '\x80';
    EXPECT_TRUE(read_all(marked + "\r\n.\r\n").findings.eight_bit) << at;
  }
}

TEST(DotReader, HandsOnWholeSpans) {
  std::string message;
  for (int i = 0; i < 100; ++i) message += "a line of text\r\n";
  unsigned spans = 0;
  DotReader reader;
  reader.feed(message + ".\r\n", [&](std::string_view) { ++spans; });
  EXPECT_EQ(spans, 1u);
}

// Every short input over the five kinds of byte that matter, against the slow reference, in one piece and
// byte by byte.
TEST(DotReader, AgreesWithTheReferenceOnEveryShortInput) {
  constexpr std::string_view alphabet = ".\r\nx";
  for (std::size_t length = 0; length <= 7; ++length) {
    std::string input(length, '.');
    for (std::size_t number = 0; number < std::size_t{1} << (2 * length); ++number) {
      for (std::size_t i = 0; i < length; ++i) input[i] = alphabet[number >> (2 * i) & 3];
      const auto expected = test_support::read_dots_slowly(input);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::string::npos}) {
        const Read read = read_in_pieces(input, piece);
        ASSERT_EQ(read.content, expected.content) << number << ' ' << length;
        ASSERT_EQ(read.finished, expected.finished) << number << ' ' << length;
        ASSERT_EQ(read.consumed, expected.consumed) << number << ' ' << length;
        if (!read.finished) continue;
        ASSERT_EQ(read.findings.longest_line, expected.longest_line) << number << ' ' << length;
        ASSERT_EQ(read.findings.bare_cr, expected.bare_cr) << number << ' ' << length;
        ASSERT_EQ(read.findings.bare_lf, expected.bare_lf) << number << ' ' << length;
      }
    }
  }
}

std::string written(std::initializer_list<std::string_view> pieces) {
  std::string out;
  DotWriter writer;
  const ContentSink sink = [&](std::string_view span) { out += span; };
  for (const auto piece : pieces) writer.write(piece, sink);
  writer.finish(sink);
  return out;
}

TEST(DotWriter, DoublesDotsAtTheBeginningOfALine) {
  EXPECT_EQ(written({".\r\n..\r\na.b\r\n"}), "..\r\n...\r\na.b\r\n.\r\n");
}

TEST(DotWriter, GivesALastLineItsEnd) {
  EXPECT_EQ(written({"a"}), "a\r\n.\r\n");
  EXPECT_EQ(written({"a\r"}), "a\r\r\n.\r\n");
  EXPECT_EQ(written({"a\n"}), "a\n\r\n.\r\n");
  EXPECT_EQ(written({}), ".\r\n");
}

TEST(DotWriter, RemembersTheLineAcrossPieces) {
  EXPECT_EQ(written({"a\r", "\n", ".b", "\r\n."}), "a\r\n..b\r\n..\r\n.\r\n");
  EXPECT_EQ(written({"a\n", ".b\r\n"}), "a\n.b\r\n.\r\n") << "after a bare LF no line begins";
}

TEST(DotWriter, IsUndoneByTheReader) {
  const std::string_view content = ".\r\n..a\r\n\r\n.\r\nend\r\n";
  std::string wire;
  append_dot_stuffed(wire, content);
  const Read read = read_all(wire);
  EXPECT_TRUE(read.finished);
  EXPECT_EQ(read.content, content);
}

}  // namespace
}  // namespace tubepost::smtp
