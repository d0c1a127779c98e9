#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <thread>

#include "base/crc32c.h"
#include "unit/spool/fixture.h"

namespace tubepost::spool {
namespace {

using Intake = SpoolTest;

TEST_F(Intake, WhatWasAcceptedIsFoundWhole) {
  Message m = message(SpoolId::make(clock_),
                      {{"bob@example.test", "list@example.test", "rfc822;list@example.test", "FAILURE"}});
  m.envelope.body_type = BodyType::binary_mime;
  m.envelope.smtputf8 = m.envelope.require_tls = true;
  m.envelope.dsn_envid = "";
  m.envelope.dsn_ret = "HDRS";
  m.envelope.origin = {"mx", "ESMTPS", "192.0.2.7", "client.test", "alice", "TLSv1.3 X"};
  const SpoolId id = m.id;
  ASSERT_TRUE(spool().accept(std::move(m)));
  open();
  const auto found = find(id);
  ASSERT_TRUE(found);
  const Envelope& e = found->envelope;
  EXPECT_EQ(e.reverse_path, "alice@example.test");
  EXPECT_EQ(e.body_type, BodyType::binary_mime);
  EXPECT_TRUE(e.smtputf8 && e.require_tls && e.dsn_envid);
  EXPECT_EQ(e.dsn_ret, "HDRS");
  EXPECT_EQ(e.origin.client_address + e.origin.helo + e.origin.auth_user + e.origin.tls,
            "192.0.2.7client.testaliceTLSv1.3 X");
  EXPECT_EQ(e.accepted, clock_.now());
  EXPECT_EQ(e.size, 22U);
  EXPECT_EQ(e.recipients, 1U);
  ASSERT_EQ(found->recipients.size(), 1U);
  const Recipient& r = found->recipients[0];
  EXPECT_EQ(r.address + r.original + r.orcpt + r.notify,
            "bob@example.testlist@example.testrfc822;list@example.testFAILURE");
  EXPECT_EQ(r.state, State::queued);
  EXPECT_EQ(life(id), "accepted");
}

TEST_F(Intake, ASmallBodyIsInsideAndALargeOneBeside) {
  const SpoolId small = accepted(to({"b@x"}), std::string(4096, 'a'));
  const SpoolId big = accepted(to({"b@x"}), std::string(4097, 'a'));
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(spool().body(small)->path(), "");
  EXPECT_EQ(spool().body(big)->path(), folder_ + "/bodies/" + big.to_text());
  EXPECT_EQ(content(small), std::string(4096, 'a'));
  EXPECT_EQ(content(big), std::string(4097, 'a'));
  EXPECT_EQ(spool().body(big)->crc(), crc32c(std::string(4097, 'a')));
}

TEST_F(Intake, ABodyInManyPiecesIsTheSameAsInOne) {
  const std::string whole = large(700'000);
  BodyWriter writer = spool().new_body();
  for (std::size_t at = 0; at < whole.size(); at += 997)
    writer.append(std::string_view(whole).substr(at, 997));
  EXPECT_EQ(writer.size(), whole.size());
  auto body = writer.finish();
  ASSERT_TRUE(body);
  EXPECT_EQ(body->crc(), crc32c(whole));
  const SpoolId id = SpoolId::make(clock_);
  ASSERT_TRUE(spool().accept({id, from("a@x"), to({"b@x"}), std::move(*body)}));
  EXPECT_EQ(content(id), whole);
}

TEST_F(Intake, AnEmptyBodyIsABody) {
  const SpoolId id = accepted(to({"b@x"}), "");
  EXPECT_EQ(content(id), "");
  EXPECT_TRUE(spool().body(id));
}

TEST_F(Intake, AnIdIsUsedOnce) {
  const SpoolId id = accepted(to({"b@x"}));
  EXPECT_FALSE(spool().accept(message(id, to({"c@x"}), "other")));
  EXPECT_NE(content(id), "other");
  EXPECT_EQ(find(id)->recipients[0].address, "b@x");
}

TEST_F(Intake, ARefusedLargeBodyLeavesTheOldOneInPlace) {
  const SpoolId id = accepted(to({"b@x"}), large());
  EXPECT_FALSE(spool().accept(message(id, to({"c@x"}), large(9000))));
  EXPECT_EQ(content(id), large());
}

TEST_F(Intake, RecipientsNamedTwiceAreOne) {
  const SpoolId id = accepted(to({"b@x.test", "B@x.test", "b@X.TEST", "c@x.test"}));
  const auto found = find(id);
  ASSERT_EQ(found->recipients.size(), 3U);  // local parts may differ by case, domains not
  EXPECT_EQ(found->envelope.recipients, 3U);
}

TEST_F(Intake, WithoutRecipientsThereIsNoMessage) {
  const auto refused = spool().accept(message(SpoolId::make(clock_), {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry, Retry::never);
}

TEST_F(Intake, AMessageMayBeHeldFromTheStart) {
  Message m = message(SpoolId::make(clock_), to({"b@x"}));
  m.hold = "policy says so";
  const SpoolId id = m.id;
  ASSERT_TRUE(spool().accept(std::move(m)));
  EXPECT_EQ(states(id), "0:held");
  EXPECT_EQ(find(id)->recipients[0].reason, "policy says so");
}

TEST_F(Intake, ACommitWakesTheScheduler) {
  const UniqueFd wake = spool().open_wake_fifo();
  ASSERT_TRUE(wake);
  pollfd waiting{wake.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  accepted(to({"b@x"}));
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
}

TEST_F(Intake, AFullPipeDoesNotStopAnybody) {
  for (int i = 0; i < 70'000; ++i) spool().nudge();
  accepted(to({"b@x"}));
}

TEST_F(Intake, ThreadsShareCommits) {
  options_.group_commit = true;
  open();
  constexpr int threads = 16, each = 20;
  std::vector<std::thread> all;
  std::vector<std::vector<SpoolId>> ids(threads);
  for (int t = 0; t < threads; ++t) {
    all.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        const SpoolId id = SpoolId::make(clock_);
        BodyWriter writer = spool_->new_body();
        writer.append(std::string(static_cast<std::size_t>(i * 400), 'x') + id.to_text());
        if (spool_->accept({id, from("a@x"), to({"b@x", "c@x"}), *writer.finish()}))
          ids[static_cast<std::size_t>(t)].push_back(id);
      }
    });
  }
  for (auto& thread : all) thread.join();
  for (const auto& of_thread : ids) {
    EXPECT_EQ(of_thread.size(), static_cast<std::size_t>(each));
    for (const SpoolId& id : of_thread) EXPECT_TRUE(content(id).ends_with(id.to_text()));
  }
  EXPECT_EQ(*spool().message_count(), static_cast<std::uint64_t>(threads * each));
}

TEST_F(Intake, OneBadWriteOfABatchFailsAlone) {
  options_.group_commit = true;
  const SpoolId used = accepted(to({"b@x"}));
  std::vector<std::thread> all;
  std::atomic<int> good{0}, bad{0};
  for (int t = 0; t < 12; ++t) {
    all.emplace_back([&, t] {
      const SpoolId id = t % 3 == 0 ? used : SpoolId::make(clock_);
      (spool_->accept(message(id, to({"b@x"}), large())) ? good : bad)++;
    });
  }
  for (auto& thread : all) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(bad, 4);
  EXPECT_EQ(*spool().message_count(), 9U);
}

TEST_F(Intake, AReaderCannotWrite) {
  const SpoolId id = accepted(to({"b@x"}));
  options_.read_only = true;
  options_.create = false;
  open();
  EXPECT_TRUE(find(id));
  EXPECT_FALSE(spool().accept(message(SpoolId::make(clock_), to({"b@x"}))));
}

TEST_F(Intake, TheSchedulerIsOne) {
  auto first = spool().lock_scheduler(Milliseconds(0));
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(::fcntl((*first)->get(), F_GETFD) & FD_CLOEXEC, 0);
  auto second = spool().lock_scheduler(Milliseconds(0));
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second);
  (*first)->reset();
  EXPECT_TRUE(*spool().lock_scheduler(Milliseconds(0)));
}

// ---- damage

TEST_F(Intake, AMissingBodyIsAPermanentFailure) {
  const auto body = spool().body(SpoolId::make(clock_));
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().retry, Retry::never);
}

TEST_F(Intake, ADamagedFileIsAPermanentFailureWithASentence) {
  const SpoolId id = accepted(to({"b@x"}), large());
  const UniqueFd file(::open(spool().body(id)->path().c_str(), O_WRONLY));
  ASSERT_EQ(::pwrite(file.get(), "X", 1, 5000), 1);
  auto body = spool().body(id);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().retry, Retry::never);
  EXPECT_NE(body.error().text.find("checksum"), std::string::npos);
  ASSERT_EQ(::ftruncate(file.get(), 100), 0);
  EXPECT_NE(spool().body(id).error().text.find("length"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::spool
