#include "smtp/reply.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr EnhancedStatus unknown_user{5, 1, 1};

TEST(Reply, IsOneLineOfCodeStatusAndText) {
  EXPECT_EQ(Reply(550, unknown_user, "No such user").to_wire(), "550 5.1.1 No such user\r\n");
  EXPECT_EQ(Reply(220, std::nullopt, "ready").to_wire(), "220 ready\r\n");
}

TEST(Reply, MarksAllLinesButTheLast) {
  const Reply reply(250, EnhancedStatus{2, 0, 0}, std::vector<std::string>{"one", "", "three"});
  EXPECT_EQ(reply.to_wire(), "250-2.0.0 one\r\n250-2.0.0 \r\n250 2.0.0 three\r\n");
  EXPECT_EQ(reply.first_line(), "one");
}

TEST(Reply, LeavesTheStatusOutWhereItDoesNotBelong) {
  EXPECT_EQ(Reply(550, unknown_user, "no").to_wire(false), "550 no\r\n") << "before EHLO";
  EXPECT_EQ(Reply(250, unknown_user, "yes").to_wire(), "250 yes\r\n") << "RFC 2034 4: the classes must agree";
}

TEST(Reply, WithoutTextIsStillALine) {
  EXPECT_EQ(Reply(250, std::nullopt, std::vector<std::string>{}).to_wire(), "250 \r\n");
}

TEST(Reply, CannotBeMadeToSayMore) {
  const auto wire = Reply(550, unknown_user,
                          "no\r\n250 yes\nand\rmore\0"
                          "x")
                        .to_wire();
  EXPECT_EQ(std::count(wire.begin(), wire.end(), '\n'), 1);
  EXPECT_EQ(std::count(wire.begin(), wire.end(), '\r'), 1);
  EXPECT_TRUE(wire.ends_with("\r\n"));
}

TEST(Reply, CutsLongTextIntoLinesAtBlanks) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "word" + std::to_string(i) + ' ';
  const auto wire = Reply(550, unknown_user, text).to_wire();
  std::string together;
  const auto lines = split(wire, '\n');
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    EXPECT_LE(lines[i].size() + 1, reply_line_max);
    const bool last = i + 2 == lines.size();
    EXPECT_TRUE(lines[i].starts_with(last ? "550 5.1.1 " : "550-5.1.1 "));
    together += std::string(lines[i].substr(10, lines[i].size() - 11)) + ' ';
  }
  EXPECT_EQ(trim(together), trim(text));
  EXPECT_GT(lines.size(), 4u);
}

TEST(Reply, CutsNoCharacterInTwo) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\xE2\x82\xAC";
  const auto wire = Reply(550, unknown_user, "x" + text).to_wire();
  for (const auto line : split(wire, '\n')) {
    EXPECT_LE(line.size() + 1, reply_line_max);
    EXPECT_TRUE(is_valid_utf8(line));
  }
}

TEST(Reply, KeepsAChallengeOnOneLine) {
  const std::string challenge(2000, 'A');
  EXPECT_EQ(Reply(334, std::nullopt, challenge).to_wire(), "334 " + challenge + "\r\n");
}

}  // namespace
}  // namespace tubepost::smtp
