#include "sendmail/reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace tubepost::sendmail {
namespace {

using namespace std::string_literals;

struct Taken {
  std::string header, body, failure;
  EnhancedStatus status{2, 0, 0};
  bool eight_bit = false;
};

Taken take(const std::string& text, Reader::Rules rules = {}) {
  std::FILE* file = std::tmpfile();
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
  std::rewind(file);
  Reader reader(::fileno(file), rules);
  Taken taken;
  auto header = reader.header();
  auto body =
      header ? reader.body([&](std::string_view part) { taken.body += part; }) : Result<void>(header.error());
  if (header) taken.header = *header;
  if (!body) taken.failure = body.error().text, taken.status = body.error().status;
  taken.eight_bit = reader.has_eight_bit();
  std::fclose(file);
  return taken;
}

TEST(Reader, MakesCrlfOfBothLineEnds) {
  const auto taken = take("A: 1\n b\r\n\nx\r\ny\n");
  EXPECT_EQ(taken.header, "A: 1\r\n b\r\n");
  EXPECT_EQ(taken.body, "x\r\ny\r\n");
}

TEST(Reader, EndsAtALoneDotIfAsked) {
  EXPECT_EQ(take("A: 1\n\nx\n.\ny\n").body, "x\r\n");
  EXPECT_EQ(take("A: 1\n\nx\n.\r\ny\n").body, "x\r\n");
  EXPECT_EQ(take("A: 1\n\nx\n..\n").body, "x\r\n..\r\n");
  EXPECT_EQ(take("A: 1\n\nx\n.\ny\n", {.lone_dot_ends = false}).body, "x\r\n.\r\ny\r\n");
  EXPECT_EQ(take("A: 1\n.\nB: 2\n").header, "A: 1\r\n");
}

TEST(Reader, CompletesTheLastLine) {
  EXPECT_EQ(take("A: 1\n\nx").body, "x\r\n");
  EXPECT_EQ(take("A: 1").header, "A: 1\r\n");
}

TEST(Reader, TakesAMessageWithoutHeaderAsBody) {
  const auto taken = take("hello\nB: 2\n\nx\n");
  EXPECT_EQ(taken.header, "");
  EXPECT_EQ(taken.body, "hello\r\nB: 2\r\n\r\nx\r\n");
}

TEST(Reader, EndsTheHeaderAtALineThatIsNoField) {
  const auto taken = take("A: 1\nhello\n");
  EXPECT_EQ(taken.header, "A: 1\r\n");
  EXPECT_EQ(taken.body, "hello\r\n");
}

TEST(Reader, DropsTheFirstLineOfAnMbox) {
  EXPECT_EQ(take("From joe Sat Nov 21\nA: 1\n\nx\n").header, "A: 1\r\n");
}

TEST(Reader, TakesNothingForAnEmptyMessage) {
  const auto taken = take("");
  EXPECT_EQ(taken.header + taken.body + taken.failure, "");
}

TEST(Reader, RefusesCorruption) {
  EXPECT_EQ(take("A: 1\n\nx\0y\n"s).status, (EnhancedStatus{5, 7, 0}));
  EXPECT_EQ(take("A: 1\n\nx\ry\n").status, (EnhancedStatus{5, 7, 0}));
  EXPECT_EQ(take("A: 1\n\nx\r\r\n").status, (EnhancedStatus{5, 7, 0}));
  EXPECT_EQ(take("A: 1\n\nx\ry\n", {.validate = false}).failure, "");
}

TEST(Reader, BoundsTheMessage) {
  Reader::Rules rules;
  rules.size_max = 20;
  EXPECT_EQ(take("A: 1\n\n" + std::string(10, 'x') + '\n', rules).failure, "");
  EXPECT_NE(take("A: 1\n\n" + std::string(11, 'x') + '\n', rules).failure, "");
  EXPECT_NE(take("A: 1\n\nx\nx\nx\nx\nx\nx\nx\n", rules).failure, "");
}

TEST(Reader, BoundsTheHeader) { EXPECT_NE(take("A: " + std::string(header_max, 'x') + "\n\n").failure, ""); }

TEST(Reader, SurvivesLinesOverItsBuffer) {
  const std::string line(200'000, 'x');
  EXPECT_EQ(take("A: 1\n\n" + line + "\n" + line + "\n").body, line + "\r\n" + line + "\r\n");
}

TEST(Reader, SeesEightBits) {
  EXPECT_FALSE(take("A: 1\n\nx\n").eight_bit);
  EXPECT_TRUE(take("A: 1\n\nü\n").eight_bit);
}

}  // namespace
}  // namespace tubepost::sendmail
