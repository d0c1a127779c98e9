#include "message/date.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

TEST(Date, IsWrittenAsRfc5322HasIt) {
  EXPECT_EQ(format_date(Timestamp(Milliseconds(0))), "Thu, 1 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(format_date(Timestamp(Milliseconds(1'795'226'897'999))), "Sat, 21 Nov 2026 02:08:17 +0000");
  EXPECT_EQ(format_date(Timestamp(Milliseconds(-1))), "Wed, 31 Dec 1969 23:59:59 +0000");
}

struct DateCase {
  std::string_view text;
  std::string_view expected;  // in UTC; empty: no date
  const char* why;
};

TEST(Date, IsReadAsMailWritesIt) {
  const std::string nested = std::string(1000, '(') + "Sat, 21 Nov 2026 02:08:17 +0000";
  const DateCase cases[] = {
      {"Sat, 21 Nov 2026 02:08:17 +0000", "2026-11-21T02:08:17.000Z", "the usual"},
      {"21 Nov 2026 02:08:17 +0000", "2026-11-21T02:08:17.000Z", "no day of the week"},
      {"Sat, 21 Nov 2026 02:08 +0000", "2026-11-21T02:08:00.000Z", "no seconds"},
      {" Sat,21 Nov 2026 02:08:17 +0100 (CET)", "2026-11-21T01:08:17.000Z", "zone and comment"},
      {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T15:55:06.000Z", "RFC 5322 A.5"},
      {"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06.000Z", "RFC 5322 A.6.2"},
      {"Sat, 21 Nov 26 02:08:17 EST", "2026-11-21T07:08:17.000Z", "RFC 5322 4.3"},
      {"21 Nov 126 02:08:17 PDT", "2026-11-21T09:08:17.000Z", "three digits count from 1900"},
      {"21 Nov 49 00:00:00 Z", "2049-11-21T00:00:00.000Z", "49"},
      {"21 Nov 50 00:00:00 Z", "1950-11-21T00:00:00.000Z", "50"},
      {"21 nov 2026 02:08:17 Q", "2026-11-21T02:08:17.000Z", "military zones say nothing"},
      {"21-Nov-2026 02:08:17 +0000", "2026-11-21T02:08:17.000Z", "as IMAP writes it"},
      {"21 November 2026 02:08:17 +0000", "2026-11-21T02:08:17.000Z", "written out"},
      {"Mon, 21 Nov 2026 02:08:17", "2026-11-21T02:08:17.000Z", "the wrong day, no zone"},
      {"29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00.000Z", "leap day"},
      {"31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00.000Z", "leap second"},
      {"Sat, 21 Nov\r\n 2026 02:08:17 +0000", "2026-11-21T02:08:17.000Z", "folded"},
      {"29 Feb 2023 00:00:00 +0000", "", "no such day"},
      {"32 Nov 2026 00:00:00 +0000", "", "no such day"},
      {"0 Nov 2026 00:00:00 +0000", "", "no such day"},
      {"21 Nov 2026 24:00:00 +0000", "", "no such hour"},
      {"21 Nov 2026 23:60:00 +0000", "", "no such minute"},
      {"21 Nov 2026 23:59:61 +0000", "", "no such second"},
      {"21 Nov 2026 02:08:17 +2400", "", "a zone of a day"},
      {"21 Nov 2026 02:08:17 +0060", "", "no such zone"},
      {"21 Nov 2026 02:08:17 +100", "", "a zone of three digits"},
      {"21 Foo 2026 02:08:17 +0000", "", "no such month"},
      {"21 Nov 20266 02:08:17 +0000", "", "year of five digits"},
      {"21 Nov 2026", "", "no time"},
      {"", "", "nothing"},
      {"(", "", "open comment"},
      {nested, "", "comments without end"},
  };
  for (const auto& c : cases) {
    const auto date = parse_date(c.text);
    EXPECT_EQ(date ? to_rfc3339(date->time) : "", c.expected) << c.text << ": " << c.why;
  }
}

TEST(Date, KeepsItsZone) {
  EXPECT_EQ(parse_date("21 Nov 2026 02:08:17 -0330")->zone, std::chrono::minutes(-210));
  EXPECT_EQ(parse_date("21 Nov 2026 02:08:17 +1400")->zone, std::chrono::hours(14));
}

TEST(Date, ReadsWhatItWrites) {
  for (const std::int64_t seconds : {0LL, 951'782'400LL, 1'700'000'000LL, 4'102'444'799LL}) {
    const Timestamp time(std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(seconds)));
    EXPECT_EQ(parse_date(format_date(time))->time, time);
  }
}

}  // namespace
}  // namespace tubepost::message
