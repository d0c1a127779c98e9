#include "sendmail/command_line.h"

#include <gtest/gtest.h>

namespace tubepost::sendmail {
namespace {

using Words = std::vector<std::string>;

CommandLine parse(const Words& words) {
  auto line = parse_command_line(words);
  EXPECT_TRUE(line) << line.error().text;
  return line ? std::move(*line) : CommandLine();
}

TEST(CommandLine, TakesTheCustomaryForms) {
  const auto line = parse({"-ti", "-f", "joe@example.test", "-FJoe Doe", "-N", "success,delay", "-R", "hdrs",
                           "-Vid", "a@b", "c"});
  EXPECT_TRUE(line.recipients_from_header);
  EXPECT_FALSE(line.lone_dot_ends);
  EXPECT_EQ(line.sender, "joe@example.test");
  EXPECT_EQ(line.full_name, "Joe Doe");
  EXPECT_EQ(line.dsn_notify, "SUCCESS,DELAY");
  EXPECT_EQ(line.dsn_return, "HDRS");
  EXPECT_EQ(line.dsn_envid, "id");
  EXPECT_EQ(line.recipients, (Words{"a@b", "c"}));
}

TEST(CommandLine, HasADotThatEndsUnlessToldOtherwise) {
  EXPECT_TRUE(parse({}).lone_dot_ends);
  EXPECT_FALSE(parse({"-oi"}).lone_dot_ends);
  EXPECT_FALSE(parse({"-oi", "-odb"}).lone_dot_ends);
  EXPECT_TRUE(parse({"-oem"}).lone_dot_ends);
}

TEST(CommandLine, IgnoresHistory) {
  const auto line = parse({"-v", "-m", "-om", "-B8BITMIME", "-h", "17", "-p", "smtp", "-OTimeout=1",
                           "-d0-99.1", "-U", "-bm", "joe"});
  EXPECT_EQ(line.mode, Mode::deliver);
  EXPECT_EQ(line.recipients, Words{"joe"});
}

// -eq is how errors were to be told, not -e and -q: the message would be lost.
TEST(CommandLine, TakesWhatStandsBehindOAndEAsTheirValue) {
  for (const char* word : {"-eq", "-ep", "-ew", "-eb", "-em", "-oQ/tmp"}) {
    const auto line = parse({word, "joe"});
    EXPECT_EQ(line.mode, Mode::deliver) << word;
    EXPECT_EQ(line.recipients, Words{"joe"}) << word;
  }
  const auto apart = parse({"-o", "i", "-e", "m", "-o", "em", "joe"});
  EXPECT_FALSE(apart.lone_dot_ends);
  EXPECT_EQ(apart.recipients, Words{"joe"});
}

TEST(CommandLine, ChoosesAMode) {
  EXPECT_EQ(parse({"-bs"}).mode, Mode::smtp_on_stdin);
  EXPECT_EQ(parse({"-bp"}).mode, Mode::print_queue);
  EXPECT_EQ(parse({"-q"}).mode, Mode::run_queue);
  EXPECT_EQ(parse({"-q30m"}).mode, Mode::run_queue);
  EXPECT_EQ(parse({"-bi"}).mode, Mode::nothing);
}

TEST(CommandLine, KnowsTheNullSender) {
  EXPECT_EQ(parse({"-f", "<>"}).sender, "");
  EXPECT_EQ(parse({"-f", ""}).sender, "");
  EXPECT_EQ(parse({}).sender, std::nullopt);
}

TEST(CommandLine, TakesNoOptionsFromRecipients) {
  EXPECT_EQ(parse({"--", "-t", "-fx"}).recipients, (Words{"-t", "-fx"}));
  EXPECT_EQ(parse({"joe", "-t"}).recipients, (Words{"joe", "-t"}));
  EXPECT_FALSE(parse({"joe", "-t"}).recipients_from_header);
}

TEST(CommandLine, HandsLongOptionsOn) {
  const auto line = parse({"--home", "/h", "--log-level=error", "-t", "--help"});
  EXPECT_EQ(line.common, (Words{"--home", "/h", "--log-level=error", "--help"}));
  EXPECT_TRUE(line.recipients_from_header);
}

TEST(CommandLine, RefusesWhatItCannotMean) {
  for (const Words& words : {Words{"-bd"}, Words{"-f"}, Words{"-N", "sometimes"}, Words{"-N", "never,delay"},
                             Words{"-R", "all"}, Words{"-Z"}, Words{"--home"}})
    EXPECT_FALSE(parse_command_line(words)) << words[0];
}

}  // namespace
}  // namespace tubepost::sendmail
