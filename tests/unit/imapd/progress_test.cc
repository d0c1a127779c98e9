// RFC 9585.
#include "imapd/progress.h"

#include "imapd/search_run.h"
#include "support/memory_stream.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

using namespace std::chrono_literals;

class ImapProgress : public testing::Test {
protected:
  Progress begun(std::string_view tag) { return {lines_, tag, clock_}; }
  // What is told when, so much later, so many messages are behind us.
  std::string told(Progress& progress, std::chrono::seconds later, std::uint64_t done, std::uint64_t goal) {
    clock_.advance(later);
    progress.at(done, goal);
    return stream_.take_output();
  }

  ManualClock clock_;
  MemoryStream stream_;
  net::LineStream lines_{stream_};
};

TEST_F(ImapProgress, IsToldEveryTenSecondsAndNotAtTheEnd) {
  auto progress = begun("a1");
  EXPECT_EQ(told(progress, 0s, 1, 100), "");
  EXPECT_EQ(told(progress, 10s, 20, 100), "* OK [INPROGRESS (\"a1\" 20 100)] Still at it\r\n");
  EXPECT_EQ(told(progress, 0s, 30, 100), "");
  EXPECT_EQ(told(progress, 11s, 100, 100), "");
}

TEST_F(ImapProgress, LeavesOutATagThatWouldEndTheCode) {
  auto progress = begun("a]1");
  EXPECT_EQ(told(progress, 10s, 1, 2), "* OK [INPROGRESS (NIL 1 2)] Still at it\r\n");
}

TEST_F(ImapProgress, GoesOnFromMailboxToMailbox) {
  auto progress = begun("a");
  progress.part(0, 50);
  EXPECT_EQ(told(progress, 6s, 20, 30), "");
  progress.part(30, 50);
  EXPECT_EQ(told(progress, 6s, 5, 20), "* OK [INPROGRESS (\"a\" 35 50)] Still at it\r\n");
}

TEST_F(ImapProgress, BecomesDueWhileMessagesAreLookedAt) {
  auto progress = begun("a");
  const auto look = [&] {
    bool due = false;
    for (int i = 0; i < 200; ++i) due = progress.is_due();
    return due;
  };
  EXPECT_FALSE(look());
  clock_.advance(10s);
  EXPECT_TRUE(look());
  progress.at(1, 2);
  EXPECT_FALSE(look());
}

// Ten seconds go by whenever somebody looks.
class HastyClock : public Clock {
public:
  Timestamp now() const override { return Timestamp(since_boot()); }
  Milliseconds since_boot() const override { return boot_ += 10s; }

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
  EXPECT_EQ(found->size(), 150U);
  EXPECT_EQ(stream.output,
            "* OK [INPROGRESS (\"a\" 64 150)] Still at it\r\n"
            "* OK [INPROGRESS (\"a\" 128 150)] Still at it\r\n");
}

}  // namespace
}  // namespace tubepost::imapd::test
