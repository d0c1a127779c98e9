#include "mailauth/sts_policy.h"

#include <gtest/gtest.h>

namespace tubepost::mailauth {
namespace {

constexpr const char* good =
    "version: STSv1\r\nmode: enforce\r\nmx: mx.example.test\r\nmx: *.Example.test\r\nmax_age: 86400\r\n";

TEST(StsPolicy, IsReadFromItsLines) {
  const auto policy = parse_sts_policy(good);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, StsPolicy::Mode::enforce);
  EXPECT_EQ(policy->lines.front(), "version: STSv1");
  EXPECT_EQ(policy->max_age, std::chrono::seconds(86400));
  EXPECT_EQ(policy->mx, (std::vector<std::string>{"mx.example.test", "*.example.test"}));
}

TEST(StsPolicy, AllowsTheHostsItNames) {
  struct Case {
    const char* host;
    bool allowed;
    const char* why;
  };
  const Case cases[] = {
      {"mx.example.test", true, "named"},
      {"MX.Example.TEST", true, "no case"},
      {"other.example.test", true, "one label for the wildcard"},
      {"a.b.example.test", false, "two labels"},
      {"example.test", false, "no label"},
      {".example.test", false, "an empty label"},
      {"mx.example.test.evil.test", false, "behind it"},
      {"", false, "nothing"},
  };
  const auto policy = parse_sts_policy(good);
  for (const auto& c : cases) EXPECT_EQ(policy->allows(c.host), c.allowed) << c.why;
}

TEST(StsPolicy, IsRefusedWhereALineIsWrong) {
  struct Case {
    std::string text;
    const char* why;
  };
  const Case cases[] = {
      {"", "nothing"},
      {"mode: enforce\nmx: a.test\nmax_age: 1\n", "no version"},
      {"version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1\n", "another version"},
      {"version: STSv1\nmode: maybe\nmx: a.test\nmax_age: 1\n", "no such mode"},
      {"version: STSv1\nmx: a.test\nmax_age: 1\n", "no mode"},
      {"version: STSv1\nmode: enforce\nmx: a.test\n", "no age"},
      {"version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1\n", "an age below 0"},
      {"version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 99999999999\n", "an age without end"},
      {"version: STSv1\nmode: enforce\nmax_age: 1\n", "no host"},
      {"version: STSv1\nmode: enforce\nmx: *.*.test\nmax_age: 1\n", "two wildcards"},
      {"version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n", "no name"},
      {"<html>\n</html>", "a web page"},
      {std::string(sts_policy_max + 1, '\n'), "too long"},
  };
  for (const auto& c : cases) EXPECT_FALSE(parse_sts_policy(c.text)) << c.why;
}

TEST(StsPolicy, NeedsNoHostsToSayNone) {
  const auto policy = parse_sts_policy("version: STSv1\nmode: none\nmax_age: 1\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, StsPolicy::Mode::none);
}

TEST(StsPolicy, IsHeldForAYearAtMost) {
  EXPECT_EQ(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 4000000000\n")->max_age, sts_age_max);
}

TEST(StsPolicy, TakesUnknownKeysAndTheFirstOfTwo) {
  const auto policy =
      parse_sts_policy("version: STSv1\nmode: testing\nmode: enforce\nx: y\nmx: a.test\nmax_age: 5\n");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->mode, StsPolicy::Mode::testing);
}

TEST(StsRecord, IsTheOneThatSaysSo) {
  using Id = std::optional<std::string>;
  EXPECT_EQ(parse_sts_record({{"v=STSv1; id=20261125;"}}), Id("20261125"));
  EXPECT_EQ(parse_sts_record({{"v=spf1 -all"}, {"v=STSv1;id=1"}}), Id("1"));
  EXPECT_EQ(parse_sts_record({}), Id());
  EXPECT_EQ(parse_sts_record({{"v=STSv1; id=1"}, {"v=STSv1; id=2"}}), Id())
      << "RFC 8461 3.1: several are none";
  EXPECT_EQ(parse_sts_record({{"v=STSv1;"}}), Id());
  EXPECT_EQ(parse_sts_record({{"v=STSv1; id=a-b"}}), Id());
  EXPECT_EQ(parse_sts_record({{"v=STSv10; id=1"}}), Id());
  EXPECT_EQ(parse_sts_record({{"v=STSv1; id=" + std::string(33, '1')}}), Id());
}

}  // namespace
}  // namespace tubepost::mailauth
