#include "qrun/destinations.h"

#include <gtest/gtest.h>

#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

// `busy` counts connections as a pool would.
class Fair : public testing::Test {
protected:
  Fair() { use(4); }
  void use(std::size_t connections, std::size_t in_hand = Destinations::Limits().in_hand) {
    Destinations::Limits limits;
    limits.connections = connections;
    limits.in_hand = in_hand;
    limits.back_off = {60s, 300s};
    destinations.set_limits(limits);
  }
  void add(const std::string& lane, const std::string& sender = "a@x.test", int count = 1) {
    for (int i = 0; i < count; ++i) {
      Parcel parcel;
      parcel.lane = lane;
      parcel.job.sender = sender;
      parcel.begun = now;
      destinations.add(std::move(parcel));
    }
  }
  static std::string lane(int number) { return "d" + std::to_string(number) + ".test"; }
  std::string next(std::size_t connecting = 0) {
    auto parcel = destinations.next([&](const std::string& lane) { return busy[lane]; }, connecting);
    if (!parcel) return "";
    ++busy[parcel->lane];
    out.push_back(*parcel);
    return parcel->lane + ' ' + parcel->job.sender;
  }
  std::vector<Parcel> answer(relay::Trouble trouble) {
    const Parcel parcel = out.front();
    out.erase(out.begin());
    --busy[parcel.lane];
    return destinations.answered(parcel, trouble, "said so", now);
  }
  bool takes(const std::string& lane, bool urgent = false) { return destinations.takes(lane, urgent, now); }

  Destinations destinations{{}};
  Timestamp now = accepted_at;
  std::map<std::string, std::size_t> busy;
  std::vector<Parcel> out;
};

TEST_F(Fair, DestinationsAreServedInTurn) {
  add("a.test", "x", 3), add("b.test", "x", 3);
  EXPECT_EQ(next(), "a.test x");
  EXPECT_EQ(next(), "b.test x");
  answer(relay::Trouble::none), answer(relay::Trouble::none);
  EXPECT_EQ(next(), "a.test x");
  EXPECT_EQ(next(), "b.test x");
}

TEST_F(Fair, SendersOfOneDestinationAreServedInTurn) {
  add("a.test", "bulk", 10), add("a.test", "me", 1);
  next(), answer(relay::Trouble::none);
  EXPECT_EQ(next(), "a.test me");
}

TEST_F(Fair, ADestinationHasOneConnectionUntilItAnswersAndGetsMoreBySuccess) {
  use(20);
  add("a.test", "x", 30);
  next();
  EXPECT_EQ(next(), "") << "it may swallow everything";
  answer(relay::Trouble::none), next();
  EXPECT_NE(next(), "") << "two now";
  EXPECT_EQ(next(), "");
  answer(relay::Trouble::none), next();
  EXPECT_NE(next(), "") << "three by now";
  EXPECT_EQ(next(), "");
}

TEST_F(Fair, WhoHasNotAnsweredYetLeavesConnectionsToThoseWhoHave) {
  add("known.test", "x", 2), next(), answer(relay::Trouble::none);
  add("new.test");
  EXPECT_EQ(next(3), "known.test x");
  EXPECT_EQ(next(3), "") << "three of four are being tried";
  EXPECT_EQ(next(2), "new.test a@x.test");
}

TEST_F(Fair, NoMoreIsAskedForThanIsTaken) {
  use(20, 100);
  for (int i = 0; i < 26; ++i) add(lane(i)), next(), answer(relay::Trouble::none);
  for (int i = 0; i < 26; ++i) add(lane(i), "x", 3), destinations.parked(lane(i));
  std::size_t wished = 0, room = 100 - 26 * 3;
  for (const auto& wish : destinations.wishes(now)) {
    EXPECT_EQ(wish.most, 1U) << "four in hand is all that one has where many have some";
    wished += wish.most;
  }
  EXPECT_EQ(wished, room);
}

TEST_F(Fair, NothingIsWishedAgainAndAgainForThoseThatHaveTheirShare) {
  use(20, 100);
  for (int i = 0; i < 20; ++i)  // so that each may have three connections
    for (int sent = 0; sent < 2; ++sent) add(lane(i)), next(), answer(relay::Trouble::none);
  for (int i = 0; i < 20; ++i) add(lane(i), "x", 4), destinations.parked(lane(i));
  EXPECT_TRUE(destinations.wishes(now).empty());
  EXPECT_FALSE(destinations.has_wishes(now)) << "a turn would find nothing to do, and the next one too";
  next();
  EXPECT_TRUE(destinations.has_wishes(now));
  EXPECT_EQ(destinations.wishes(now).size(), 1U);
}

TEST_F(Fair, ASlowDestinationNeverHasTheLastConnection) {
  use(2);
  add("a.test", "x", 5);
  next();
  EXPECT_EQ(next(), "");
  add("b.test");
  EXPECT_EQ(next(), "b.test a@x.test");
}

TEST_F(Fair, ADestinationThatDoesNotAnswerIsProbedWithOneMessage) {
  add("a.test", "x", 5);
  next();
  EXPECT_EQ(answer(relay::Trouble::connect).size(), 4U) << "the others are parked";
  EXPECT_FALSE(takes("a.test"));
  EXPECT_TRUE(takes("a.test", true)) << "somebody asked for it";
  now += 59s - 6s;
  EXPECT_FALSE(takes("a.test"));
  now += 13s;
  EXPECT_TRUE(takes("a.test"));
  add("a.test");
  EXPECT_FALSE(takes("a.test")) << "one at a time";
}

TEST_F(Fair, ThePausesOfADeadDestinationGrowAndEndWithASuccess) {
  for (const auto wait : {66s, 330s}) {
    add("a.test"), next(), answer(relay::Trouble::connect);
    now += wait;
    EXPECT_TRUE(takes("a.test"));
  }
  add("a.test"), next(), answer(relay::Trouble::connect);
  now += 200s;
  EXPECT_FALSE(takes("a.test"));
  add("a.test"), next(), answer(relay::Trouble::none);
  EXPECT_TRUE(takes("a.test"));
  const auto changed = destinations.take_changed();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].failures, 0U) << "to be forgotten";
}

TEST_F(Fair, ARefusalOfOneSessionAmongSeveralOnlyShrinksTheWindow) {
  add("a.test", "x", 6);
  next(), answer(relay::Trouble::none);
  next(), next();
  EXPECT_TRUE(answer(relay::Trouble::session).empty());
  EXPECT_TRUE(takes("a.test"));
  EXPECT_EQ(next(), "");
}

TEST_F(Fair, WhatIsParkedIsAskedForInBoundedBatchesAndADeadLaneForOneAtItsTime) {
  destinations.parked("a.test");
  const auto wishes = destinations.wishes(now);
  ASSERT_EQ(wishes.size(), 1U);
  EXPECT_LE(wishes[0].most, 20U);
  add("dead.test"), next(), answer(relay::Trouble::connect);
  destinations.parked("dead.test");
  EXPECT_EQ(destinations.wishes(now).size(), 1U);
  now = *destinations.next_probe();
  for (const auto& wish : destinations.wishes(now)) EXPECT_TRUE(wish.lane != "dead.test" || wish.most == 1);
  EXPECT_EQ(destinations.wishes(now).size(), 2U);
}

TEST_F(Fair, TroubleIsKnownAgainAfterARestart) {
  add("a.test"), next(), answer(relay::Trouble::connect);
  Destinations successor{{}};
  successor.restore(destinations.take_changed(), {{"a.test", 0, {}}});
  EXPECT_FALSE(successor.takes("a.test", false, now));
  EXPECT_NE(successor.why_parked("a.test").find("said so"), std::string::npos);
  EXPECT_TRUE(successor.next_probe());
}

TEST_F(Fair, NoMoreThanABoundedNumberIsTakenInHand) {
  for (int i = 0; i < 1'000; ++i) add("a.test");
  EXPECT_FALSE(takes("a.test"));
  EXPECT_TRUE(takes("b.test"));
}

TEST_F(Fair, ManyWithMuchMailAlwaysLeaveRoomForOneWithLittle) {
  for (int lane = 0; lane < 100; ++lane)
    while (takes("slow" + std::to_string(lane))) add("slow" + std::to_string(lane));
  EXPECT_TRUE(takes("small.test"));
  EXPECT_LE(destinations.waiting(), 4'000U);
}

TEST_F(Fair, WishesGoRoundAmongTheLanesInWhichMailIsParked) {
  for (int i = 0; i < 500; ++i) destinations.parked("lane" + std::to_string(1000 + i));
  std::set<std::string> asked;
  for (int turn = 0; turn < 3; ++turn)
    for (const auto& wish : destinations.wishes(now)) asked.insert(wish.lane);
  EXPECT_EQ(asked.size(), 500U);
}

TEST_F(Fair, ALaneOfWhichEnoughIsInHandIsNotAskedFor) {
  destinations.parked("a.test");
  EXPECT_TRUE(destinations.has_wishes(now));
  add("a.test", "x", 8);
  EXPECT_FALSE(destinations.has_wishes(now));
  for (int i = 0; i < 6; ++i) next(), answer(relay::Trouble::none);
  EXPECT_TRUE(destinations.has_wishes(now));
  destinations.found({{"a.test", 0, true}});
  EXPECT_FALSE(destinations.has_wishes(now)) << "nobody is parked there any more";
}

TEST_F(Fair, AConnectionIsGivenMoreForItsOwnDestinationOnceThatHasAnsweredWell) {
  add("a.test", "x", 3), add("b.test", "x", 1);
  next();
  EXPECT_FALSE(destinations.next_of("a.test"));
  answer(relay::Trouble::none);
  EXPECT_TRUE(destinations.next_of("a.test"));
  EXPECT_FALSE(destinations.is_alone("a.test"));
  next();
  EXPECT_TRUE(destinations.is_alone("a.test"));
}

TEST_F(Fair, AThousandDeadDestinationsNeverHoldUpALiveOne) {
  for (int i = 0; i < 1000; ++i) {
    const std::string lane = "dead" + std::to_string(i);
    add(lane), next(), answer(relay::Trouble::connect);
    EXPECT_FALSE(takes(lane));
  }
  add("live.test");
  EXPECT_EQ(next(), "live.test a@x.test");
}

}  // namespace
}  // namespace tubepost::qrun
