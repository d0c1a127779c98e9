// The limit of outgoing connections (L4), with processes that say what tests/support/fake_sender.cc makes of the names.
#include "qrun/sender_pool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "support/temporary_folder.h"
#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

class SenderPoolTest : public testing::Test {
protected:
  SenderPoolTest() {
    pool_.emplace(WorkerKind{"mxsend", {FAKE_SENDER, journal_}, 2, 1}, -1, logger_);
  }
  ~SenderPoolTest() override {
    pool_->end();
    wait_until([&] { return pool_->has_ended(); });
  }
  void give(const std::string& domain) {
    Parcel parcel;
    parcel.lane = domain;
    parcel.claims = {claim(recipient("a@" + domain))};
    parcel.job.id = parcel.claims.front().id;
    parcel.job.route = "direct";
    parcel.job.domain = domain;
    parcel.job.recipients = {{0, "", "", "a@" + domain}};
    pool_->give(std::move(parcel), now_);
  }
  bool says(const std::string& line) const {
    return read_file(journal_).value_or("").find(line + "\n") != std::string::npos;
  }
  void let(const std::string& domain) { ASSERT_TRUE(write_file_atomically(journal_ + "." + domain + ".up", "", 0600)); }
  // One has waited so long for its host that it does not count, others have both connections, and its host answers.
  void let_one_be_late() {
    give("late.test");
    wait_until([&] { return says("connecting late.test"); });
    pool_->work(now_, 600s);
    now_ += 2s;
    pool_->work(now_, 600s);
    for (const char* domain : {"slow1.test", "slow2.test"}) {
      ASSERT_TRUE(pool_->has_idle(now_)) << domain;
      give(domain);
    }
    EXPECT_FALSE(pool_->has_idle(now_)) << "the limit is two";
    wait_until([&] { return says("connected slow1.test") && says("connected slow2.test"); });
    let("late.test");
    wait_until([&] { return says("waiting late.test"); });
  }
  template <class Reached>
  void wait_until(Reached reached) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!reached() && std::chrono::steady_clock::now() < end) {
      answers_ += pool_->work(now_, 600s).answers.size();
      std::this_thread::sleep_for(2ms);
    }
    EXPECT_TRUE(reached());
  }

  const test_support::TemporaryFolder folder_;
  const std::string journal_ = folder_ / "journal";
  log::Logger logger_{"qrun", log::Level::error, log::Format::logfmt, -1};
  std::optional<SenderPool> pool_;
  Milliseconds now_{1'000'000};
  std::size_t answers_ = 0;
};

TEST_F(SenderPoolTest, AConnectionThatStandsCountsHoweverSlowTheOtherSideIs) {
  give("slow1.test");
  give("slow2.test");
  wait_until([&] { return says("connected slow1.test") && says("connected slow2.test"); });
  now_ += 3'600s / 10;
  pool_->work(now_, 600s);
  EXPECT_FALSE(pool_->has_idle(now_));
  let("slow1.test");
  let("slow2.test");
  wait_until([&] { return answers_ == 2; });
  EXPECT_TRUE(pool_->has_idle(now_));
}

TEST_F(SenderPoolTest, WhoIsNotConnectedForLongHoldsUpNobodyAndComingLateWaitsForRoom) {
  let_one_be_late();
  for (int i = 0; i < 20; ++i) pool_->work(now_, 600s);
  EXPECT_FALSE(says("connected late.test")) << "a third one";
  let("slow1.test");  // its connection is kept for the next, and goes for who waits
  wait_until([&] { return says("connected late.test"); });
  EXPECT_EQ(pool_->has_idle(now_), answers_ == 2) << "it counts until it has its answer";
  let("slow2.test");
  wait_until([&] { return answers_ == 3; });
  EXPECT_TRUE(pool_->has_idle(now_));
}

TEST_F(SenderPoolTest, WhoWaitsForRoomIsNotSilent) {
  let_one_be_late();
  pool_->work(now_, 600s);
  now_ += 601s;
  wait_until([&] { return answers_ == 1; });
  EXPECT_EQ(pool_->died(), 2U) << "those that are silent, and leave their place to it";
}

}  // namespace
}  // namespace tubepost::qrun
