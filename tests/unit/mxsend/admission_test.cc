#include "mxsend/admission.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/stream.h"

namespace tubepost::mxsend {
namespace {

class AdmissionTest : public testing::Test {
protected:
  void count() {
    admission_.tell([this](relay::Phase phase) { told_.push_back(phase); });
  }
  bool connects_after(Milliseconds time) {
    admission_.connecting();
    clock_.advance(time);
    return admission_.connected();
  }
  ManualClock clock_;
  Admission admission_{clock_};
  std::vector<relay::Phase> told_;
};

TEST_F(AdmissionTest, WhoIsLateHasNoConnectionWhereConnectionsAreCounted) {
  EXPECT_TRUE(connects_after(relay::late_after)) << "nobody counts";
  count();
  EXPECT_TRUE(connects_after(relay::late_after - Milliseconds(1)));
  EXPECT_FALSE(connects_after(relay::late_after));
  admission_.go_ahead();
  admission_.await_room();
  EXPECT_TRUE(connects_after(relay::late_after - Milliseconds(1))) << "its time begins anew";
  using relay::Phase;
  EXPECT_EQ(told_, (std::vector<Phase>{Phase::connecting, Phase::connected, Phase::connecting, Phase::waiting,
                                       Phase::connecting, Phase::connected}));
}

TEST_F(AdmissionTest, WhoIsLongAboutItSaysSoNowAndThen) {
  count();
  admission_.say(relay::Phase::transaction);
  told_.clear();
  for (int second = 0; second < 180; ++second) {
    clock_.advance(Milliseconds(1'000));
    admission_.going_on();
  }
  EXPECT_EQ(told_, std::vector<relay::Phase>(3, relay::Phase::transaction));
}

TEST_F(AdmissionTest, NobodyWaitsForRoomWhoIsToldToStop) {
  admission_.stop();
  EXPECT_THROW(admission_.await_room(), net::ShuttingDown);
}

}  // namespace
}  // namespace tubepost::mxsend
