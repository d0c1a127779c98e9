#include "authd/throttle.h"

#include <gtest/gtest.h>

#include "authd/verified.h"

namespace tubepost::authd {
namespace {

using std::chrono::minutes;

class ThrottleOf10In10Minutes : public testing::Test {
protected:
  void fail(int times, const Attempt& attempt) {
    for (int i = 0; i < times; ++i) throttle_.failed(rules_, attempt, "");
  }
  bool refuses(const Attempt& attempt) { return throttle_.refuses(rules_, attempt); }

  ManualClock clock_;
  ThrottleRules rules_;
  Throttle throttle_{clock_};
  const Attempt alice_{"192.0.2.7", "alice@example.test"};
};

TEST_F(ThrottleOf10In10Minutes, HoldsBackEachAnswerLongerThanTheLast) {
  std::vector<long> delays;
  for (int i = 0; i < 7; ++i) delays.push_back(throttle_.failed(rules_, alice_, "").count());
  EXPECT_EQ(delays, (std::vector<long>{500, 1000, 2000, 4000, 8000, 8000, 8000}));
}

TEST_F(ThrottleOf10In10Minutes, RefusesTheEleventhTry) {
  fail(9, alice_);
  EXPECT_FALSE(refuses(alice_));
  fail(1, alice_);
  EXPECT_TRUE(refuses(alice_));
}

TEST_F(ThrottleOf10In10Minutes, ForgetsSteadily) {
  fail(10, alice_);
  clock_.advance(minutes(1));
  EXPECT_FALSE(refuses(alice_));
  fail(1, alice_);
  EXPECT_TRUE(refuses(alice_));
  clock_.advance(minutes(11));
  fail(9, alice_);
  EXPECT_FALSE(refuses(alice_));
}

TEST_F(ThrottleOf10In10Minutes, CountsAnAddressOverAllAccounts) {
  for (int i = 0; i < 10; ++i) fail(1, {"192.0.2.7", "user" + std::to_string(i)});
  EXPECT_TRUE(refuses({"192.0.2.7", "another"}));
  EXPECT_FALSE(refuses({"192.0.2.8", "another"}));
}

TEST_F(ThrottleOf10In10Minutes, CountsAnAccountOverAllAddresses) {
  for (int i = 0; i < 10; ++i) fail(1, {"192.0.2." + std::to_string(i), "alice@example.test"});
  EXPECT_TRUE(refuses({"198.51.100.1", "alice@example.test"}));
  EXPECT_FALSE(refuses({"198.51.100.1", "bob@example.test"}));
}

TEST_F(ThrottleOf10In10Minutes, DoesNotLetStrangersLockTheOwnerOut) {
  throttle_.succeeded(alice_);
  for (int i = 0; i < 50; ++i) fail(1, {"198.51.100." + std::to_string(i), "alice@example.test"});
  EXPECT_FALSE(refuses(alice_));
  clock_.advance(std::chrono::hours(25));
  for (int i = 0; i < 50; ++i) fail(1, {"198.51.100." + std::to_string(i), "alice@example.test"});
  EXPECT_TRUE(refuses(alice_));
}

TEST_F(ThrottleOf10In10Minutes, DoesNotLetOneUserLockTheOfficeOut) {
  throttle_.succeeded(alice_);
  fail(20, alice_);
  EXPECT_TRUE(refuses(alice_));
  EXPECT_FALSE(refuses({"192.0.2.7", "bob@example.test"}));
}

TEST_F(ThrottleOf10In10Minutes, CountsTheSameWrongPasswordOnce) {
  for (int i = 0; i < 100; ++i) throttle_.failed(rules_, alice_, "old password");
  EXPECT_FALSE(refuses(alice_));
}

TEST_F(ThrottleOf10In10Minutes, WithoutAnAddressCountsTheAccount) {
  fail(10, {"", "alice@example.test"});
  EXPECT_TRUE(refuses({"", "alice@example.test"}));
  EXPECT_FALSE(refuses({"", "bob@example.test"}));
}

TEST(ThrottleNetworks, AreAnAddressOrASixtyFour) {
  EXPECT_EQ(Throttle::network_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(Throttle::network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(Throttle::network_of("2001:db8:1:2::1"), Throttle::network_of("2001:db8:1:2:ffff::"));
  EXPECT_EQ(Throttle::network_of(""), "");
  EXPECT_EQ(Throttle::network_of("host.example"), "");
}

TEST(BoundedMap, LetsTheOldestGo) {
  BoundedMap<int> map(2);
  map.touch("a") = 1;
  map.touch("b") = 2;
  map.touch("a");
  map.touch("c") = 3;
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("a"), 1);
  EXPECT_EQ(*map.find("c"), 3);
}

TEST(Verified, KnowsALoginForItsTime) {
  ManualClock clock;
  Verified verified(clock);
  const auto digest = verified.digest("$y$x", "secret");
  EXPECT_FALSE(verified.knows("alice", digest));
  verified.remember("alice", digest, minutes(5));
  EXPECT_TRUE(verified.knows("alice", digest));
  EXPECT_FALSE(verified.knows("bob", digest));
  EXPECT_FALSE(verified.knows("alice", verified.digest("$y$x", "Secret")));
  EXPECT_FALSE(verified.knows("alice", verified.digest("$y$changed", "secret")));
  clock.advance(minutes(5));
  EXPECT_FALSE(verified.knows("alice", digest));
}

TEST(Verified, HasADigestOfItsOwnInEachProcess) {
  ManualClock clock;
  EXPECT_NE(Verified(clock).digest("$y$x", "secret"), Verified(clock).digest("$y$x", "secret"));
}

}  // namespace
}  // namespace tubepost::authd
