// RFC 9585.
#include "imapd/progress.h"

#include "imapd/search_run.h"
#include "support/memory_stream.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

class ImapProgress : public testing::Test {
protected:
  Progress begun(std::string_view tag) { return {lines_, tag, clock_}; }

  ManualClock clock_;
  MemoryStream stream_;
  net::LineStream lines_{stream_};
};

TEST_F(ImapProgress, IsToldEveryTenSecondsAndNotAtTheEnd) {
  auto progress = begun("a1");
  progress.at(1, 100);
  EXPECT_EQ(stream_.output, "");
  clock_.advance(std::chrono::seconds(10));
  progress.at(20, 100);
  EXPECT_EQ(stream_.take_output(), "* OK [INPROGRESS (\"a1\" 20 100)] Still at it\r\n");
  progress.at(30, 100);
  clock_.advance(std::chrono::seconds(11));
  progress.at(100, 100);
  EXPECT_EQ(stream_.output, "");
}

TEST_F(ImapProgress, LeavesOutATagThatWouldEndTheCode) {
  auto progress = begun("a]1");
  clock_.advance(std::chrono::seconds(10));
  progress.at(1, 2);
  EXPECT_EQ(stream_.output, "* OK [INPROGRESS (NIL 1 2)] Still at it\r\n");
}

TEST_F(ImapProgress, GoesOnFromMailboxToMailbox) {
  auto progress = begun("a");
  progress.part(0, 50);
  clock_.advance(std::chrono::seconds(6));
  progress.at(20, 30);
  progress.part(30, 50);
  clock_.advance(std::chrono::seconds(6));
  progress.at(5, 20);
  EXPECT_EQ(stream_.output, "* OK [INPROGRESS (\"a\" 35 50)] Still at it\r\n");
}

TEST_F(ImapProgress, BecomesDueWhileMessagesAreLookedAt) {
  auto progress = begun("a");
  const auto look = [&] {
    bool due = false;
    for (int i = 0; i < 200; ++i) due = progress.is_due();
    return due;
  };
  EXPECT_FALSE(look());
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(look());
  progress.at(1, 2);
  EXPECT_FALSE(look());
}

// Ten seconds go by whenever somebody looks.
class HastyClock : public Clock {
public:
  Timestamp now() const override { return Timestamp(since_boot()); }
  Milliseconds since_boot() const override { return boot_ += std::chrono::seconds(10); }

private:
  mutable Milliseconds boot_{0};
};

TEST(ImapProgressOfASearch, IsToldWhileItGoesOn) {
  Service service;
  for (int i = 0; i < 150; ++i) service.deliver("m" + std::to_string(i), "x\r\n");
  const HastyClock clock;
  MemoryStream stream;
  net::LineStream lines(stream);
  Progress progress(lines, "a", clock);
  Selected box;
  box.ref = {service.bob, service.store.status(service.bob).id};
  auto view = service.store->view(box.ref).value();
  box.status = std::move(view.status);
  box.uids = std::move(view.uids);
  imap::Scanner scanner("ALL");
  const auto program = imap::expect_search_program(scanner, false);
  const auto evaluation = Evaluation::make(program, box, clock.now());
  const auto found = SearchRun(*service.store, box, &progress).find(*evaluation);
  EXPECT_EQ(found->uids.size(), 150U);
  EXPECT_EQ(stream.output,
            "* OK [INPROGRESS (\"a\" 64 150)] Still at it\r\n"
            "* OK [INPROGRESS (\"a\" 128 150)] Still at it\r\n");
}

}  // namespace
}  // namespace tubepost::imapd::test
