#include "base/clock.h"

#include <gtest/gtest.h>

namespace tubepost {
namespace {

Timestamp at(std::int64_t milliseconds) { return Timestamp(Milliseconds(milliseconds)); }

TEST(Rfc3339, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(at(1'700'000'000'007)), "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(to_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ComesBackUnchanged) {
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{1'700'000'000'123}, std::int64_t{-1}})
    EXPECT_EQ(parse_rfc3339(to_rfc3339(at(time))), at(time));
}

struct Good {
  const char *text, *utc;
};
class Rfc3339Reads : public testing::TestWithParam<Good> {};
TEST_P(Rfc3339Reads, EveryFormOfTheGrammar) {
  const auto time = parse_rfc3339(GetParam().text);
  ASSERT_TRUE(time) << GetParam().text;
  EXPECT_EQ(to_rfc3339(*time), GetParam().utc);
}
INSTANTIATE_TEST_SUITE_P(Section58, Rfc3339Reads,
                         testing::Values(Good{"1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"},
                                         Good{"1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"},
                                         Good{"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"},
                                         Good{"1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"},
                                         Good{"2024-02-29t00:00:00.123456789z", "2024-02-29T00:00:00.123Z"}));

TEST(Rfc3339, IsRefusedWhereItIsNone) {
  for (const char* bad :
       {"", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z",
        "2023-01-01T00:00:61Z", "2023-01-01T00:00:00", "2023-01-01 00:00:00Z", "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00.1234567890Z", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00Zx",
        "2023-01-01T-1:00:00Z", "2023-01-01T00:-1:00Z", "2023-01-01T00:00:00+-1:00", "-001-01-01T00:00:00Z",
        "+023-01-01T00:00:00Z"})
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
}

TEST(ManualClock, MovesBothTimesButJumpsOnlyTheWall) {
  ManualClock clock(at(1000));
  clock.advance(Milliseconds(5));
  EXPECT_EQ(clock.now(), at(1005));
  EXPECT_EQ(clock.since_boot(), Milliseconds(5));
  clock.set_wall(at(9000));
  EXPECT_EQ(clock.now(), at(9000));
  EXPECT_EQ(clock.since_boot(), Milliseconds(5));
}

TEST(SystemClock, GoesForward) {
  const SystemClock clock;
  const auto boot = clock.since_boot();
  EXPECT_GE(clock.since_boot(), boot);
  EXPECT_GT(clock.now(), at(1'600'000'000'000));
}

}  // namespace
}  // namespace tubepost
