// Destinations: their lanes, what is remembered of them, and what is counted.
#include "fixture.h"
#include "lmdb/looks.h"

namespace tubepost::spool {

struct Lanes : SpoolTest {
  Outcome parked(const SpoolId& id, std::string lane = "example.net") {
    Outcome o = outcome(id, 0, Outcome::Kind::postponed);
    o.next = clock_.now() + Milliseconds(3'600'000);
    o.text = "waits for its turn";
    o.lane = std::move(lane);
    o.parked = true;
    return o;
  }
  // `count` messages of one sender, parked.
  std::vector<SpoolId> park(std::size_t count, const std::string& sender,
                            const std::string& lane = "example.net") {
    std::vector<SpoolId> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(accepted(to({"bob@example.net"}), "x\r\n", sender));
    std::vector<Outcome> outcomes;
    const Turn claimed = turn();
    for (const Claim& claim : claimed.claims) outcomes.push_back(parked(claim.id, lane));
    turn(outcomes, 0);
    return ids;
  }
  Turn take(std::size_t most, std::uint32_t flow = 0, const std::string& lane = "example.net") {
    LaneWork work;
    work.wishes.push_back({lane, most, flow});
    auto turned = spool().turn({}, clock_.now(), 0, work);
    EXPECT_TRUE(turned) << turned.error().text;
    return turned ? std::move(*turned) : Turn{};
  }
  std::size_t parked_in(const std::string& lane) {
    const auto lanes = spool().lanes();
    for (const LaneCount& count : *lanes)
      if (count.lane == lane) return count.parked;
    return 0;
  }
};

TEST_F(Lanes, AParkedRecipientIsNotDueAndIsClaimedWhenItsLaneIsAskedFor) {
  const SpoolId id = park(1, "alice@example.test").front();
  EXPECT_EQ(states(id), "0:queued");
  EXPECT_EQ(find(id)->recipients[0].attempts, 0U);
  EXPECT_TRUE(turn().claims.empty());
  const Turn turned = take(10);
  ASSERT_EQ(turned.claims.size(), 1U);
  EXPECT_TRUE(turned.claims[0].from_lane);
  EXPECT_EQ(turned.claims[0].recipient.attempts, 1U);
  EXPECT_EQ(parked_in("example.net"), 0U);
  EXPECT_TRUE(broken().empty());
}

TEST_F(Lanes, TheRecipientsOfOneMessageCountAsOneWhereTheyTravelTogether) {
  const SpoolId id = accepted(to({"a@example.net", "b@example.net", "c@example.net", "d@example.net"}));
  std::vector<Outcome> outcomes;
  const Turn claimed = turn();
  for (const Claim& claim : claimed.claims) {
    outcomes.push_back(parked(claim.id, "example.net"));
    outcomes.back().recipient = claim.recipient.number;
  }
  turn(outcomes, 0);
  LaneWork work;
  work.wishes.push_back({"example.net", 1, 0, 3});
  const auto turned = spool().turn({}, clock_.now(), 0, work);
  ASSERT_TRUE(turned);
  EXPECT_EQ(turned->claims.size(), 3U);
  EXPECT_EQ(parked_in("example.net"), 1U);
  EXPECT_TRUE(find(id));
}

TEST_F(Lanes, NoMoreAreClaimedThanAskedForAndALaneThatIsEmptySaysSo) {
  park(5, "alice@example.test");
  const Turn first = take(3);
  EXPECT_EQ(first.claims.size(), 3U);
  EXPECT_FALSE(first.lanes.at(0).empty);
  const Turn second = take(10);
  EXPECT_EQ(second.claims.size(), 2U);
  EXPECT_TRUE(second.lanes.at(0).empty);
}

TEST_F(Lanes, ASenderWithManyMessagesDoesNotHoldUpTheOthers) {
  park(50, "bulk@example.test");
  const SpoolId mine = park(1, "alice@example.test").front();
  bool found = false;
  const Turn taken = take(2);
  for (const Claim& claim : taken.claims) found = found || claim.id == mine;
  EXPECT_TRUE(found);
}

TEST_F(Lanes, TheRoundAmongSendersGoesOnWhereTheLastTurnEnded) {
  std::vector<std::string> senders;
  for (const char* name : {"a@x.test", "b@x.test", "c@x.test"}) park(10, name);
  std::uint32_t flow = 0;
  for (int i = 0; i < 3; ++i) {
    const Turn turned = take(1, flow);
    ASSERT_EQ(turned.claims.size(), 1U);
    senders.push_back(turned.claims[0].envelope->reverse_path);
    flow = turned.lanes.at(0).flow;
  }
  std::sort(senders.begin(), senders.end());
  EXPECT_EQ(senders, (std::vector<std::string>{"a@x.test", "b@x.test", "c@x.test"}));
}

TEST_F(Lanes, TheRecipientsOfOneMessageTravelTogether) {
  const SpoolId id = accepted(to({"a@example.net", "b@example.net", "c@example.net"}));
  std::vector<Outcome> outcomes;
  const Turn claimed = turn();
  for (const Claim& claim : claimed.claims) {
    outcomes.push_back(parked(claim.id));
    outcomes.back().recipient = claim.recipient.number;
  }
  turn(outcomes, 0);
  park(5, "bulk@example.test");
  std::size_t mine = 0;
  const Turn taken = take(4);
  for (const Claim& claim : taken.claims) mine += claim.id == id ? 1 : 0;
  EXPECT_EQ(mine, 3U);
}

TEST_F(Lanes, WhatIsDueComesOutOfItsLaneByItself) {
  park(1, "alice@example.test");
  clock_.advance(Milliseconds(3'600'000));
  const Turn turned = turn();
  ASSERT_EQ(turned.claims.size(), 1U);
  EXPECT_FALSE(turned.claims[0].from_lane);
  EXPECT_EQ(parked_in("example.net"), 0U);
}

TEST_F(Lanes, AnOperatorsRetryTakesARecipientOutOfItsLane) {
  const SpoolId id = park(1, "alice@example.test").front();
  ASSERT_TRUE(spool().act(id, Action::retry, {}, "root"));
  EXPECT_EQ(parked_in("example.net"), 0U);
  const Turn turned = turn();
  ASSERT_EQ(turned.claims.size(), 1U);
  EXPECT_TRUE(turned.claims[0].recipient.urgent);
}

TEST_F(Lanes, ARerouteGoesWithTheRecipient) {
  const SpoolId id = park(1, "alice@example.test").front();
  ASSERT_TRUE(spool().act(id, Action::reroute, {}, "root", "host:other.example.test"));
  const Turn turned = turn();
  ASSERT_EQ(turned.claims.size(), 1U);
  EXPECT_EQ(turned.claims[0].recipient.route, "host:other.example.test");
  EXPECT_NE(life(id).find("rerouted"), std::string::npos);
}

TEST_F(Lanes, ADestinationInTroubleIsRememberedOverARestartUntilItDoesWell) {
  LaneWork work;
  work.changed.push_back({"example.net", 3, clock_.now(), clock_.now() + Milliseconds(60'000), "refused"});
  ASSERT_TRUE(spool().turn({}, clock_.now(), 0, work));
  open();
  const auto known = spool().destinations();
  ASSERT_EQ(known->size(), 1U);
  EXPECT_EQ(known->front().failures, 3U);
  EXPECT_EQ(known->front().text, "refused");
  work.changed.front().failures = 0;
  ASSERT_TRUE(spool().turn({}, clock_.now(), 0, work));
  EXPECT_TRUE(spool().destinations()->empty());
}

TEST_F(Lanes, EachLaneIsNamedOnce) {
  park(3, "alice@example.test", "a.example");
  park(2, "alice@example.test", "b.example");
  const auto lanes = spool().lanes();
  ASSERT_EQ(lanes->size(), 2U);
  EXPECT_EQ((*lanes)[0].lane, "a.example");
  EXPECT_EQ((*lanes)[0].parked, 3U);
  EXPECT_EQ((*lanes)[1].lane, "b.example");
}

TEST_F(Lanes, WhoLeavesALaneIsCountedNoMore) {
  const auto ids = park(3, "alice@example.test");
  EXPECT_EQ(parked_in("example.net"), 3U);
  ASSERT_TRUE(spool().act(ids[0], Action::drop, {}, "root"));
  EXPECT_EQ(parked_in("example.net"), 2U);
  take(1);
  EXPECT_EQ(parked_in("example.net"), 1U);
  take(1);
  EXPECT_EQ(parked_in("example.net"), 0U);
  EXPECT_TRUE(spool().lanes()->empty()) << "an empty lane is forgotten";
  EXPECT_TRUE(broken().empty());
}

TEST_F(Lanes, WhoComesAndGoesIsCountedForGood) {
  const SpoolId id = accepted(to({"a@example.net", "b@example.net"}));
  turn();
  turn({outcome(id, 0, Outcome::Kind::delivered), outcome(id, 1, Outcome::Kind::delivered)});
  accepted(to({"a@example.net"}));
  EXPECT_EQ(spool().totals()->came, 3U);
  EXPECT_EQ(spool().totals()->went, 2U);
  EXPECT_TRUE(broken().empty());
}

// Counted in look-ups, not in time: twice the queue must not be twice the work.
struct Work : Lanes {
  void fill(std::size_t messages) {
    for (std::size_t i = 0; i < messages; ++i) accepted(to({"bob@example.net"}), "x\r\n");
    std::vector<Outcome> outcomes;
    const Turn claimed = turn({}, messages);
    for (const Claim& claim : claimed.claims)
      outcomes.push_back(parked(claim.id, "lane" + std::to_string(outcomes.size() % 10)));
    turn(outcomes, 0);
  }
  template <class What>
  std::uint64_t looks(const What& what) {
    const auto before = lmdb::looks_of_this_thread();
    what();
    return lmdb::looks_of_this_thread() - before;
  }
  struct Measured {
    std::uint64_t head, stats, next_job, start;
  };
  Measured measure() {
    Measured m{};
    m.head = looks([&] { EXPECT_TRUE(spool().list({}, [](const Queued&) { return false; })); });
    m.stats = looks([&] {
      EXPECT_TRUE(spool().totals());
      EXPECT_TRUE(spool().oldest());
      EXPECT_TRUE(spool().lanes());
    });
    m.start = looks([&] {
      EXPECT_TRUE(spool().recover_claims());
      EXPECT_TRUE(spool().destinations());
      EXPECT_TRUE(spool().lanes());
    });
    m.next_job = looks([&] { EXPECT_EQ(take(4, 0, "lane3").claims.size(), 4U); });
    EXPECT_TRUE(spool().recover_claims());
    return m;
  }
};

TEST_F(Work, HeadStatsStartAndTheNextJobCostTheSameInAQueueTwiceAsLong) {
  fill(200);
  const Measured small = measure();
  fill(200);
  const Measured large = measure();
  EXPECT_LE(large.head, small.head + 10);
  EXPECT_LE(large.stats, small.stats + 10);
  EXPECT_LE(large.start, small.start + 10);
  EXPECT_LE(large.next_job, small.next_job + 10);
  EXPECT_LT(large.stats, 100U);
  EXPECT_LT(large.next_job, 200U);
}

TEST_F(Work, AListLooksAtEachMessageAndRecipientOnce) {
  fill(500);
  std::size_t seen = 0;
  const auto count =
      looks([&] { EXPECT_TRUE(spool().list({}, [&](const Queued&) { return ++seen, true; })); });
  EXPECT_EQ(seen, 500U);
  EXPECT_LE(count, 500U * 3);
}

// ---- addresses that bounce

struct Suppressed : Lanes {
  void bounce() {
    accepted(to({"gone@example.net"}), "x\r\n", "");
    const Turn claimed = turn();
    for (const Claim& claim : claimed.claims) {
      Outcome o = outcome(claim.id, 0, Outcome::Kind::failed);
      o.suppress_until = clock_.now() + Milliseconds(86'400'000);
      turn({o}, 0);
    }
  }
  std::string why() {
    accepted(to({"gone@Example.net"}));
    const Turn turned = turn();
    return turned.claims.empty() ? "not claimed" : turned.claims[0].suppressed;
  }
};

TEST_F(Suppressed, OnlyAfterSeveralHardBounces) {
  bounce(), bounce();
  EXPECT_EQ(why(), "");
  bounce();
  EXPECT_NE(why().find("no such user"), std::string::npos);
}

TEST_F(Suppressed, UntilItsTimeIsUp) {
  bounce(), bounce(), bounce();
  clock_.advance(Milliseconds(86'400'001));
  EXPECT_EQ(why(), "");
}

TEST_F(Suppressed, UntilAnOperatorSaysSo) {
  bounce(), bounce(), bounce();
  ASSERT_EQ(spool().suppressions()->size(), 1U);
  EXPECT_TRUE(*spool().unsuppress("gone@EXAMPLE.net"));
  EXPECT_FALSE(*spool().unsuppress("gone@example.net"));
  EXPECT_EQ(why(), "");
}

TEST_F(Suppressed, ASuccessForgivesTheBouncesBefore) {
  bounce(), bounce();
  const SpoolId id = accepted(to({"gone@example.net"}));
  turn();
  Outcome o = outcome(id, 0, Outcome::Kind::delivered);
  o.lane = "example.net";
  turn({o});
  bounce();
  EXPECT_EQ(why(), "");
}

// ---- what is owed

TEST_F(Lanes, ASuccessThatIsToBeToldStaysUntilItsDsnIsMade) {
  const SpoolId id = accepted({{"bob@example.net", "", "", "SUCCESS,FAILURE"}});
  turn();
  Outcome o = outcome(id, 0, Outcome::Kind::delivered);
  o.owed = Owed::relayed;
  const Turn turned = turn({o});
  EXPECT_EQ(states(id), "0:done");
  ASSERT_EQ(turned.debts.size(), 1U);
  EXPECT_EQ(turned.debts[0].owed.at(0).owed, Owed::relayed);
  EXPECT_TRUE(broken().empty());
  ASSERT_TRUE(spool().settle(turned.debts[0], std::nullopt));
  EXPECT_EQ(states(id), "gone");
}

TEST_F(Lanes, ASuccessThatNobodyAskedForIsNotOwed) {
  const SpoolId id = accepted({{"bob@example.net", "", "", "FAILURE"}});
  turn();
  Outcome o = outcome(id, 0, Outcome::Kind::delivered);
  o.owed = Owed::relayed;
  EXPECT_TRUE(turn({o}).debts.empty());
  EXPECT_EQ(states(id), "gone");
}

TEST_F(Lanes, ADelayIsToldOnceAndTheRecipientWaitsOn) {
  const SpoolId id = accepted(to({"bob@example.net"}));
  const auto defer = [&] {
    turn();
    Outcome o = deferred(id, 0);
    o.owed = Owed::delay;
    return turn({o});
  };
  const Turn turned = defer();
  ASSERT_EQ(turned.debts.size(), 1U);
  ASSERT_TRUE(spool().settle(turned.debts[0], std::nullopt));
  EXPECT_EQ(states(id), "0:deferred");
  EXPECT_TRUE(find(id)->recipients[0].delay_notified);
  EXPECT_TRUE(turn().debts.empty());
  clock_.advance(Milliseconds(60'000));
  EXPECT_TRUE(defer().debts.empty());
  EXPECT_TRUE(broken().empty());
}

TEST_F(Lanes, ANullSenderIsNeverOwedAnything) {
  const SpoolId id = accepted({{"bob@example.net", "", "", "SUCCESS,DELAY,FAILURE"}}, "x\r\n", "");
  turn();
  Outcome o = deferred(id, 0);
  o.owed = Owed::delay;
  EXPECT_TRUE(turn({o}).debts.empty());
}

// ---- totals and history

TEST_F(Lanes, TheTotalsFollowEveryChange) {
  const SpoolId first = accepted(to({"a@x.test", "b@x.test"}), "12345\r\n"),
                second = accepted(to({"c@x.test"}));
  EXPECT_EQ(spool().totals()->messages, 2U);
  EXPECT_EQ(spool().totals()->of(State::queued), 3U);
  turn();
  EXPECT_EQ(spool().totals()->of(State::working), 3U);
  turn({outcome(first, 0, Outcome::Kind::delivered), deferred(first, 1),
        outcome(second, 0, Outcome::Kind::delivered)});
  const auto totals = spool().totals();
  EXPECT_EQ(totals->messages, 1U);
  EXPECT_EQ(totals->bytes, 7U);
  EXPECT_EQ(totals->all(), 1U);
  EXPECT_EQ(totals->of(State::deferred), 1U);
  EXPECT_TRUE(broken().empty());
}

struct History : Lanes {
  SpoolId finished(const char* sender, const char* recipient) {
    const SpoolId id = accepted(to({recipient}), "x\r\n", sender);
    turn();
    turn({outcome(id, 0, Outcome::Kind::delivered)});
    return id;
  }
  std::vector<SpoolId> found(const Filter& filter) {
    std::vector<SpoolId> ids;
    EXPECT_TRUE(spool().find_finished(filter, [&](const Found& one) {
      ids.push_back(one.id);
      return true;
    }));
    return ids;
  }
};

TEST_F(History, AFinishedMessageIsFoundByItsAddresses) {
  const SpoolId mine = finished("alice@x.test", "bob@y.test");
  finished("carol@x.test", "dave@z.test");
  Filter by_to, by_from, by_domain, by_glob;
  by_to.to = "bob@Y.test";
  by_from.from = "alice@x.test";
  by_domain.domain = "y.test";
  by_glob.to = "b*@y.test";
  for (const Filter& filter : {by_to, by_from, by_domain, by_glob})
    EXPECT_EQ(found(filter), std::vector<SpoolId>{mine});
  EXPECT_EQ(found({}).size(), 2U);
}

TEST_F(History, IsForgottenWithTheJournal) {
  finished("alice@x.test", "bob@y.test");
  clock_.advance(Milliseconds(10LL * 86'400'000));
  while (*spool().prune_journal(clock_.now() - Milliseconds(86'400'000), 100) > 0) {
  }
  EXPECT_TRUE(found({}).empty());
}

}  // namespace tubepost::spool
