#include <gtest/gtest.h>

#include "pop3/command.h"
#include "pop3/reply.h"
#include "support/memory_stream.h"

namespace tubepost::pop3 {
namespace {

struct Case {
  std::string text;
  std::optional<std::string> expected;  // "KEYWORD|arguments"
  const char* why;
};

TEST(PopCommand, IsAKeywordAndItsArguments) {
  const Case cases[] = {
      {"STAT", "STAT|", "without arguments"},
      {"retr 1", "RETR|1", "no case"},
      {"TOP 1 10", "TOP|1 10", "three letters"},
      {"PASS  two blanks ", "PASS| two blanks ", "a password is taken as it is"},
      {"PASS ", "PASS|", "an empty one"},
      {"USER j\xC3\xB6", "USER|j\xC3\xB6", "UTF-8"},
      {"", {}, "nothing"},
      {" STAT", {}, "a blank first"},
      {"QU", {}, "too short"},
      {"STATS", {}, "too long"},
      {"ST-T", {}, "no letter"},
      {"STAT\t1", {}, "only a blank divides"},
      {"USER a\rb", {}, "bare CR"},
      {"USER a\nb", {}, "bare LF"},
      {std::string("USER a\0", 7), {}, "NUL"},
      {"USER \xff", {}, "not UTF-8"},
  };
  for (const auto& c : cases) {
    const auto line = parse_command(c.text);
    EXPECT_EQ(line ? std::optional(line->keyword + '|' + std::string(line->arguments)) : std::nullopt,
              c.expected)
        << c.why;
  }
}

TEST(PopCommand, NumbersMessagesFromOne) {
  EXPECT_EQ(parse_message_number("1"), 1u);
  EXPECT_EQ(parse_message_number("4294967295"), 4294967295u);
  EXPECT_EQ(parse_message_number("007"), 7u);
  for (const char* text : {"", "0", "-1", "+1", "1 ", "4294967296", "x", "1.5"})
    EXPECT_FALSE(parse_message_number(text)) << text;
  EXPECT_EQ(parse_line_count("0"), 0u);
}

TEST(PopReply, IsOneLineWithItsCode) {
  EXPECT_EQ(ok("2 320").to_wire(), "+OK 2 320\r\n");
  EXPECT_EQ(ok("").to_wire(), "+OK\r\n");
  EXPECT_EQ(error(Code::auth, "no").to_wire(), "-ERR [AUTH] no\r\n");
  EXPECT_EQ(error(Code::temporary, "later").to_wire(), "-ERR [SYS/TEMP] later\r\n");
  EXPECT_EQ(error(Code::permanent, "no").to_wire(), "-ERR [SYS/PERM] no\r\n");
  EXPECT_EQ(error(Code::none, "a\r\n+OK b").to_wire(), "-ERR a\\x0D\\x0A+OK b\r\n");
  EXPECT_LE(ok(std::string(2000, 'x')).to_wire().size(), reply_line_max);
}

TEST(MultilineWriter, StuffsDotsAndEndsWithOne) {
  test_support::MemoryStream stream;
  net::LineStream lines(stream);
  MultilineWriter out(lines);
  out.line("one");
  out.line(".two");
  out.write("three");
  out.finish();
  lines.flush();
  EXPECT_EQ(stream.output, "one\r\n..two\r\nthree\r\n.\r\n");
}

TEST(Top, IsTheHeaderAndSoManyLines) {
  const std::string_view message = "A: 1\r\n\r\none\r\ntwo\r\nthree";
  EXPECT_EQ(top_of(message, 0), "A: 1\r\n\r\n");
  EXPECT_EQ(top_of(message, 2), "A: 1\r\n\r\none\r\ntwo\r\n");
  EXPECT_EQ(top_of(message, 3), message);
  EXPECT_EQ(top_of(message, 4'000'000'000u), message);
  EXPECT_EQ(top_of("\r\nbody\r\n", 0), "\r\n") << "the header stood before";
  EXPECT_EQ(top_of("A: 1\r\n", 0), "A: 1\r\n") << "all of it is header";
  EXPECT_EQ(top_of("", 1), "");
}

}  // namespace
}  // namespace tubepost::pop3
