#include "mailq/request.h"

#include <gtest/gtest.h>

namespace tubepost::mailq {
namespace {

const Timestamp now(Milliseconds(1'700'000'000'000));
constexpr const char* id = "2akzs7xbf24t5ltuzeqxtb5kt2";

Result<Request> parse(const std::vector<std::string>& words) { return parse_request(words, now); }

TEST(Request, NothingMeansTheWholeList) {
  ASSERT_TRUE(parse({}));
  EXPECT_EQ(parse({})->verb, Verb::list);
}

TEST(Request, FiltersAreRead) {
  const auto request = parse({"from=*@a.test", "to=b", "domain=c.test", "state=held", "older=2h", "newer=1d",
                              "larger=1M", "smaller=2K"});
  ASSERT_TRUE(request);
  const spool::Filter& filter = request->filter;
  EXPECT_EQ(filter.from, "*@a.test");
  EXPECT_EQ(filter.to, "b");
  EXPECT_EQ(filter.domain, "c.test");
  EXPECT_EQ(filter.state, spool::State::held);
  EXPECT_EQ(filter.accepted_before, now - std::chrono::hours(2));
  EXPECT_EQ(filter.accepted_after, now - std::chrono::hours(24));
  EXPECT_EQ(filter.larger, 1U << 20);
  EXPECT_EQ(filter.smaller, 2048U);
}

TEST(Request, SinceIsATimeOrHowLongAgo) {
  EXPECT_EQ(parse({"find", "to=b", "since=2h"})->filter.accepted_after, now - std::chrono::hours(2));
  EXPECT_EQ(parse({"find", "since=2026-11-20T12:00:00Z"})->filter.accepted_after,
            parse_rfc3339("2026-11-20T12:00:00Z"));
}

TEST(Request, WhatIsNoFilterIsRefused) {
  for (const char* word : {"since=once", "state=gone", "older=soon", "larger=big", "colour=red", "from="})
    EXPECT_FALSE(parse({word})) << word;
}

TEST(Request, ACommandThatChangesTheQueueMustBeToldWhat) {
  for (const char* verb : {"hold", "release", "retry", "drop", "fail"}) {
    EXPECT_FALSE(parse({verb})) << verb;
    EXPECT_TRUE(parse({verb, "all"})) << verb;
    EXPECT_TRUE(parse({verb, id})) << verb;
    EXPECT_TRUE(parse({verb, "from=x"})) << verb;
    EXPECT_FALSE(parse({verb, "all", "from=x"})) << verb;
    EXPECT_FALSE(parse({verb, "all", id})) << verb;
  }
}

TEST(Request, ShowCatAndTraceTakeOneId) {
  for (const char* verb : {"show", "cat", "trace"}) {
    EXPECT_TRUE(parse({verb, "2akz"})) << verb;
    EXPECT_FALSE(parse({verb})) << verb;
    EXPECT_FALSE(parse({verb, id, id})) << verb;
    EXPECT_FALSE(parse({verb, "from=x"})) << verb;
    EXPECT_FALSE(parse({verb, "../../etc"})) << verb;
  }
}

TEST(Request, WhatIsNeitherCommandNorFilterIsRefused) {
  for (const char* word : {"statistics", "tops", "all", "flush", "-x", ""})
    EXPECT_FALSE(parse({word})) << word;
}

}  // namespace
}  // namespace tubepost::mailq
