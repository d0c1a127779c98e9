// RFC 9585.
#include "imapd/progress.h"

#include "support/memory_stream.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

TEST(ImapProgress, IsToldEveryTenSecondsAndNotAtTheEnd) {
  ManualClock clock;
  MemoryStream stream;
  net::LineStream lines(stream);
  Progress progress(lines, "a1", clock);
  progress.at(1, 100);
  EXPECT_EQ(stream.output, "");
  clock.advance(std::chrono::seconds(10));
  progress.at(20, 100);
  EXPECT_EQ(stream.take_output(), "* OK [INPROGRESS (\"a1\" 20 100)] Still at it\r\n");
  progress.at(30, 100);
  clock.advance(std::chrono::seconds(11));
  progress.at(100, 100);
  EXPECT_EQ(stream.output, "");
}

TEST(ImapProgress, LeavesOutATagThatWouldEndTheCode) {
  ManualClock clock;
  MemoryStream stream;
  net::LineStream lines(stream);
  Progress progress(lines, "a]1", clock);
  clock.advance(std::chrono::seconds(10));
  progress.at(1, 2);
  EXPECT_EQ(stream.output, "* OK [INPROGRESS (NIL 1 2)] Still at it\r\n");
}

TEST(ImapProgress, BecomesDueWhileMessagesAreLookedAt) {
  ManualClock clock;
  MemoryStream stream;
  net::LineStream lines(stream);
  Progress progress(lines, "a", clock);
  const auto look = [&] {
    bool due = false;
    for (int i = 0; i < 200; ++i) due = progress.is_due();
    return due;
  };
  EXPECT_FALSE(look());
  clock.advance(std::chrono::seconds(10));
  EXPECT_TRUE(look());
  progress.at(1, 2);
  EXPECT_FALSE(look());
}

}  // namespace
}  // namespace tubepost::imapd::test
