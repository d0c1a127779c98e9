#include "net/line_stream.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::net {
namespace {

using test_support::MemoryStream;
using Kind = LineStream::Line::Kind;

// "ok:<text>", "long" or "end", for each line up to the end.
std::vector<std::string> lines_of(const std::string& input, std::size_t limit, std::size_t piece = SIZE_MAX,
                                  bool accept_lf = false) {
  MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, piece);
  LineStream lines(stream);
  lines.set_accept_lf(accept_lf);
  std::vector<std::string> found;
  for (;;) {
    const auto line = lines.read_line(limit);
    if (line.kind == Kind::end) return found.push_back("end"), found;
    found.push_back(line.kind == Kind::ok ? "ok:" + std::string(line.text) : "long");
  }
}

using Lines = std::vector<std::string>;

TEST(LineStream, CutsAtCrlf) {
  EXPECT_EQ(lines_of("a\r\n\r\nb c\r\n", 10), (Lines{"ok:a", "ok:", "ok:b c", "end"}));
}

TEST(LineStream, LastLineWithoutCrlfIsDropped) { EXPECT_EQ(lines_of("a\r\nb", 10), (Lines{"ok:a", "end"})); }

TEST(LineStream, NothingButCrlfEndsALine) {
  for (const std::string smuggled :
       {"\n.\n", "\n.\r", "\r.\r", "\r.\n", "\r", "\n", "\n\r", "\r\r", "\v", "\f"}) {
    const std::string text = "a" + smuggled + "b";
    EXPECT_EQ(lines_of(text + "\r\n", 20), (Lines{"ok:" + text, "end"}));
  }
  EXPECT_EQ(lines_of("a\r\r\nb\n\r\n", 20), (Lines{"ok:a\r", "ok:b\n", "end"}));
}

TEST(LineStream, WithAcceptLfBothEndALine) {
  EXPECT_EQ(lines_of("a\nb\r\n\n", 10, SIZE_MAX, true), (Lines{"ok:a", "ok:b", "ok:", "end"}));
}

TEST(LineStream, LimitIsExactAndALongLineIsSkipped) {
  for (const std::size_t limit : {4UL, 512UL, 1023UL, 1024UL, 1025UL, 16384UL, 20000UL}) {
    const std::string fits(limit, 'x'), over(limit + 1, 'x'), far_over(3 * limit + 40000, 'x');
    const std::string input = fits + "\r\n" + over + "\r\n" + far_over + "\r\nend\r\n";
    EXPECT_EQ(lines_of(input, limit), (Lines{"ok:" + fits, "long", "long", "ok:end", "end"})) << limit;
  }
}

TEST(LineStream, LinesAreTheSameHoweverTheInputIsCut) {
  const std::string input = "EHLO me\r\n\r\nbare\rcr\nlf\r\r\n" + std::string(3000, 'y') + "\r\nlast\r\n";
  const auto whole = lines_of(input, 600);
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 1023UL, 1024UL, 1025UL})
    EXPECT_EQ(lines_of(input, 600, piece), whole) << piece;
}

TEST(LineStream, OfALongLineTheEndIsLeft) {
  const std::string end = "0123456789abcdefghij {27+}";
  const std::string input = std::string(3000, 'y') + end + "\r\n" + std::string(20, 'z') + "\r\n";
  for (const std::size_t piece : {1UL, 2UL, 7UL, 1023UL, 3000UL, SIZE_MAX}) {
    MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, piece);
    LineStream lines(stream);
    for (const std::string& left :
         {std::string(LineStream::tail_size - end.size(), 'y') + end, std::string(20, 'z')}) {
      const auto line = lines.read_line(10);
      EXPECT_EQ(line.kind, Kind::too_long);
      EXPECT_EQ(line.text, left) << piece;
    }
  }
}

TEST(LineStream, ALongLineWithoutEndIsTheEnd) {
  EXPECT_EQ(lines_of(std::string(100000, 'x'), 100), (Lines{"end"}));
}

TEST(LineStream, OutputWaitsForFlush) {
  MemoryStream stream;
  LineStream lines(stream);
  lines << "220 "
        << "hello\r\n";
  EXPECT_EQ(stream.output, "");
  lines.flush();
  EXPECT_EQ(stream.output, "220 hello\r\n");
  EXPECT_EQ(stream.writes, 1);
}

TEST(LineStream, FlushesBeforeItWaitsAndOnlyThen) {
  MemoryStream stream("a\r\nb\r\n");
  LineStream lines(stream);
  lines.read_line(10);
  lines << "for a\r\n";
  EXPECT_TRUE(lines.has_buffered_line());
  lines.read_line(10);
  EXPECT_EQ(stream.writes, 0);
  EXPECT_FALSE(lines.has_buffered_line());
  lines.read_line(10);
  EXPECT_EQ(stream.output, "for a\r\n");
}

TEST(LineStream, LargeOutputIsNotGathered) {
  MemoryStream stream;
  LineStream lines(stream);
  const std::string large(100000, 'z');
  lines << "a" << large << "b";
  EXPECT_EQ(stream.output, "a" + large);
  lines.flush();
  EXPECT_EQ(stream.output, "a" + large + "b");
}

TEST(LineStream, FillGivesWhatIsBufferedThenWaits) {
  MemoryStream stream("DATA\r\nhello", MemoryStream::AtEnd::end_of_input);
  LineStream lines(stream);
  lines.read_line(100);
  EXPECT_EQ(lines.fill(), "hello");
  EXPECT_EQ(stream.reads, 1);
  lines.consume(2);
  EXPECT_EQ(lines.fill(), "llo");
  lines.consume(3);
  EXPECT_EQ(lines.fill(), "");
}

TEST(LineStream, FillMoreKeepsWhatStandsAtTheFront) {
  MemoryStream stream("abcdef", MemoryStream::AtEnd::end_of_input, 2);
  LineStream lines(stream);
  EXPECT_EQ(lines.fill(), "ab");
  lines.consume(1);
  EXPECT_TRUE(lines.fill_more());
  EXPECT_EQ(lines.fill(), "bcd");
  EXPECT_TRUE(lines.fill_more());
  EXPECT_EQ(lines.fill(), "bcdef");
  EXPECT_FALSE(lines.fill_more());
}

TEST(LineStream, FillMoreStopsAtAFullBuffer) {
  MemoryStream stream(std::string(1000, 'x'));
  LineStream lines(stream, 64);
  while (lines.fill_more()) {
  }
  EXPECT_EQ(lines.fill().size(), 256U);
}

TEST(LineStream, BulkIsReadInGrowingPieces) {
  std::string input(300000, 'x');
  MemoryStream stream(input);
  LineStream lines(stream);
  std::string got;
  for (auto part = lines.fill(); !part.empty(); part = lines.fill()) {
    got += part;
    lines.consume(part.size());
  }
  EXPECT_EQ(got, input);
  EXPECT_LT(stream.reads, 10);
}

TEST(LineStream, DiscardedInputIsForgotten) {
  MemoryStream stream("STARTTLS\r\nMAIL FROM:<>\r\n");
  LineStream lines(stream);
  lines.read_line(100);
  EXPECT_TRUE(lines.has_buffered_input());
  lines.discard_input();
  MemoryStream encrypted("EHLO me\r\n");
  lines.replace_stream(encrypted);
  EXPECT_EQ(lines.read_line(100).text, "EHLO me");
}

TEST(LineStreamDeathTest, ReplacingTheStreamUnderBufferedInputIsABug) {
  MemoryStream stream("STARTTLS\r\nMAIL FROM:<>\r\n"), other;
  LineStream lines(stream);
  lines.read_line(100);
  EXPECT_DEATH(lines.replace_stream(other), "");
}

TEST(LineStream, OutputThatFailedIsNotTriedAgain) {
  MemoryStream stream;
  stream.closed = true;
  LineStream lines(stream);
  lines << "lost";
  EXPECT_THROW(lines.flush(), Disconnected);
  stream.closed = false;
  lines.flush();
  EXPECT_EQ(stream.output, "");
}

}  // namespace
}  // namespace tubepost::net
