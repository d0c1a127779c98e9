#include "smtp/reply_parser.h"

#include <gtest/gtest.h>

namespace tubepost::smtp {
namespace {

// "code status text|text", or what is wrong.
std::string parse(const std::vector<std::string>& lines) {
  ReplyParser parser;
  for (const auto& line : lines) {
    const auto done = parser.take(line);
    if (!done) return "broken";
    if (!*done) continue;
    const Reply reply = std::move(parser).reply();
    std::string text =
        std::to_string(reply.code) + ' ' + (reply.status ? to_string(*reply.status) : "-") + ' ';
    for (const auto& one : reply.lines) text += one + '|';
    return text;
  }
  return "more";
}

TEST(ReplyParser, ReadsRepliesAsServersWriteThem) {
  struct Case {
    std::vector<std::string> lines;
    std::string expected;
    const char* why;
  };
  const Case cases[] = {
      {{"250 ok"}, "250 - ok|", "one line"},
      {{"250"}, "250 - |", "a code alone"},
      {{"250 "}, "250 - |", "a code and a blank"},
      {{"250-a", "250 b"}, "250 - a|b|", "two lines"},
      {{"250-"}, "more", "a line that goes on"},
      {{"550 5.1.1 no such user"}, "550 5.1.1 no such user|", "an enhanced code"},
      {{"550-5.1.1 a", "550 5.1.1 b"}, "550 5.1.1 a|b|", "in each line"},
      {{"550 5.1.1"}, "550 5.1.1 |", "an enhanced code alone"},
      {{"550 4.1.1 x"}, "550 - 4.1.1 x|", "of another class: text"},
      {{"550 5.1.1.1 x"}, "550 - 5.1.1.1 x|", "no enhanced code"},
      {{"250-a", "251 b"}, "broken", "two codes"},
      {{""}, "broken", "nothing"},
      {{"25"}, "broken", "half a code"},
      {{"150 x"}, "broken", "no such class"},
      {{"650 x"}, "broken", "no such class"},
      {{"250x"}, "broken", "no blank"},
      {{"HTTP/1.1 200 OK"}, "broken", "another protocol"},
      {{" 250 ok"}, "broken", "a blank before"},
  };
  for (const auto& c : cases) EXPECT_EQ(parse(c.lines), c.expected) << c.why;
}

TEST(ReplyParser, TakesNoReplyWithoutEnd) {
  ReplyParser parser;
  for (std::size_t i = 0; i < received_lines_max; ++i) ASSERT_TRUE(parser.take("250-x"));
  EXPECT_FALSE(parser.take("250-x"));
  ReplyParser wide;
  const std::string line = "250-" + std::string(4000, 'x');
  std::size_t taken = 0;
  while (wide.take(line)) ++taken;
  EXPECT_EQ(taken, received_octets_max / 4000);
}

}  // namespace
}  // namespace tubepost::smtp
