#include "fixture.h"

namespace tubepost::spool {

struct Expedite : SpoolTest {
  using Kind = Spool::Expedited::Kind;
  SpoolId waiting(const char* address) {
    const SpoolId id = accepted(to({address}));
    turn();
    Outcome waits = deferred(id, 0);
    waits.lane = "host:relay.example.test";
    turn({waits});
    return id;
  }
  Spool::Expedited expedite(std::string_view domain, bool subdomains = false) {
    auto done = spool().expedite(domain, subdomains, "ETRN");
    EXPECT_TRUE(done) << done.error().text;
    return done ? *done : Spool::Expedited{};
  }
  bool is_due(const SpoolId& id) { return find(id)->recipients.front().next <= clock_.now(); }
};

TEST_F(Expedite, MakesWhatWaitsForTheDomainDueAndNothingElse) {
  const SpoolId mine = waiting("bob@Example.net"), other = waiting("bob@example.org");
  const auto done = expedite("EXAMPLE.net");
  EXPECT_EQ(done.kind, Kind::started);
  EXPECT_EQ(done.recipients, 1U);
  EXPECT_TRUE(is_due(mine));
  EXPECT_FALSE(is_due(other));
}

TEST_F(Expedite, TakesSubdomainsOnlyWhereTheyAreAskedFor) {
  const SpoolId below = waiting("bob@a.example.net"), beside = waiting("bob@badexample.net");
  EXPECT_EQ(expedite("example.net").kind, Kind::none_waiting);
  clock_.advance(Milliseconds(61'000));
  turn({}, 0);
  EXPECT_EQ(expedite("net", true).kind, Kind::started);
  EXPECT_TRUE(is_due(below));
  EXPECT_TRUE(is_due(beside));
}

TEST_F(Expedite, IsDoneOnceAMinuteForEachDomain) {
  waiting("bob@example.net");
  EXPECT_EQ(expedite("example.net").kind, Kind::started);
  EXPECT_EQ(expedite("example.net").kind, Kind::too_soon);
  EXPECT_EQ(expedite("example.org").kind, Kind::none_waiting);
  clock_.advance(Milliseconds(61'000));
  EXPECT_NE(expedite("example.net").kind, Kind::too_soon);
}

TEST_F(Expedite, LeavesWhatIsNotToBeReleasedYet) {
  Message m = message(SpoolId::make(clock_), to({"bob@example.net"}));
  m.envelope.not_before = clock_.now() + Milliseconds(3'600'000);
  const SpoolId id = m.id;
  ASSERT_TRUE(spool().accept(std::move(m)));
  EXPECT_TRUE(turn().claims.empty());
  EXPECT_EQ(expedite("example.net").kind, Kind::none_waiting);
  EXPECT_FALSE(is_due(id));
  clock_.advance(Milliseconds(3'600'000));
  EXPECT_EQ(turn().claims.size(), 1U);
}

TEST_F(Expedite, KeepsADeadlineOverAReopening) {
  Message m = message(SpoolId::make(clock_), to({"bob@example.net"}));
  m.envelope.deliver_by = DeliverBy{clock_.now() + Milliseconds(90'000), DeliverByMode::give_back, true};
  const SpoolId id = m.id;
  const DeliverBy wanted = *m.envelope.deliver_by;
  ASSERT_TRUE(spool().accept(std::move(m)));
  open();
  EXPECT_EQ(find(id)->envelope.deliver_by, wanted);
}

}  // namespace tubepost::spool
