#include "unit/spool/fixture.h"

namespace tubepost::spool {
namespace {

using OperateKind = Outcome::Kind;

class Operate : public SpoolTest {
protected:
  // "done/wished"
  std::string act(const SpoolId& id, Action action, const Filter& filter = {}) {
    const auto acted = spool().act(id, action, filter, "root");
    EXPECT_TRUE(acted);
    return std::to_string(acted->done) + '/' + std::to_string(acted->wished);
  }
  Filter to_glob(const char* glob) {
    Filter filter;
    filter.to = glob;
    return filter;
  }
  void TearDown() override { EXPECT_EQ(broken(), std::vector<std::string>()); }
};

TEST_F(Operate, HoldAndRelease) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  EXPECT_EQ(act(id, Action::hold, to_glob("a*")), "1/0");
  EXPECT_EQ(states(id), "0:held 1:queued");
  EXPECT_EQ(act(id, Action::hold), "1/0");
  EXPECT_TRUE(turn().claims.empty());
  EXPECT_EQ(act(id, Action::release), "2/0");
  EXPECT_EQ(turn().claims.size(), 2U);
  EXPECT_EQ(life(id), "accepted held held released released");
}

TEST_F(Operate, ReleaseForgetsCrashes) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  Outcome died = outcome(id, 0, OperateKind::unknown);
  died.crashed = true;
  died.next = clock_.now();
  turn({died});
  turn({outcome(id, 0, OperateKind::held)});
  act(id, Action::release);
  EXPECT_EQ(find(id)->recipients[0].crashes, 0U);
}

TEST_F(Operate, RetryMakesDueNow) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({deferred(id, 0)});
  EXPECT_TRUE(turn().claims.empty());
  EXPECT_EQ(act(id, Action::retry), "1/0");
  EXPECT_EQ(turn().claims.size(), 1U);
}

TEST_F(Operate, DropEndsIt) {
  const SpoolId id = accepted(to({"a@x"}));
  EXPECT_EQ(act(id, Action::drop), "1/0");
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(life(id), "accepted dropped");
  EXPECT_EQ(act(id, Action::drop), "0/0");
}

TEST_F(Operate, DroppingAFailedOneForgivesItsDebt) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({outcome(id, 0, OperateKind::failed)});
  EXPECT_EQ(act(id, Action::drop), "1/0");
  EXPECT_TRUE(turn().debts.empty());
}

TEST_F(Operate, FailOwesADsn) {
  const SpoolId id = accepted(to({"a@x"}));
  act(id, Action::hold);
  EXPECT_EQ(act(id, Action::fail), "1/0");
  EXPECT_EQ(turn().debts.at(0).owed.at(0).status.status_class, 5);
}

TEST_F(Operate, AClaimedOneGetsAWishThatIsObeyedUnlessDelivered) {
  struct Case {
    Action action;
    OperateKind result;
    const char* end;
  };
  for (const Case& c :
       {Case{Action::hold, OperateKind::delivered, "gone"},
        Case{Action::hold, OperateKind::deferred, "0:held"},
        Case{Action::hold, OperateKind::failed, "0:held"}, Case{Action::hold, OperateKind::unknown, "0:held"},
        Case{Action::hold, OperateKind::discarded, "0:held"},
        Case{Action::drop, OperateKind::delivered, "gone"}, Case{Action::drop, OperateKind::deferred, "gone"},
        Case{Action::drop, OperateKind::failed, "gone"},
        Case{Action::fail, OperateKind::deferred, "0:failed"},
        Case{Action::fail, OperateKind::held, "0:failed"},
        Case{Action::fail, OperateKind::delivered, "gone"}}) {
    const SpoolId id = accepted(to({"a@x"}));
    turn();
    EXPECT_EQ(act(id, c.action), "0/1");
    EXPECT_EQ(states(id), "0:working");
    turn({outcome(id, 0, c.result)}, 0);
    EXPECT_EQ(states(id), c.end) << static_cast<int>(c.action) << ' ' << static_cast<int>(c.result);
    if (auto left = find(id)) {
      EXPECT_EQ(left->recipients[0].wish, Wish::none);
    }
    act(id, Action::drop);
  }
}

TEST_F(Operate, AWishCanBeTakenBack) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  EXPECT_EQ(act(id, Action::drop), "0/1");
  EXPECT_EQ(act(id, Action::drop), "0/0");
  EXPECT_EQ(act(id, Action::release), "0/1");
  turn({deferred(id, 0)});
  EXPECT_EQ(states(id), "0:deferred");
}

TEST_F(Operate, AWishSurvivesTheScheduler) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  act(id, Action::hold);
  ASSERT_TRUE(spool().recover_claims());
  EXPECT_EQ(states(id), "0:held");
}

// ---- looking

class Listing : public Operate {
protected:
  std::size_t count(const Filter& filter) {
    std::size_t found = 0;
    EXPECT_TRUE(
        spool().list(filter, [&](const Queued& queued) { return found += queued.recipients.size(), true; }));
    return found;
  }
};

TEST_F(Listing, GoesByAgeThroughAllPages) {
  std::vector<NewRecipient> many;
  for (int i = 0; i < 100; ++i) many.push_back({"u" + std::to_string(i) + "@x", "", "", ""});
  for (int i = 0; i < 30; ++i) {
    clock_.advance(Milliseconds(97));
    accepted(many, "x");
  }
  std::vector<SpoolId> ids;
  ASSERT_TRUE(spool().list({}, [&](const Queued& queued) { return ids.push_back(queued.id), true; }));
  EXPECT_EQ(ids.size(), 30U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

// `mailq | less` would pin all that changes meanwhile in the file (design.md 3).
TEST_F(Listing, HoldsNoTransactionWhileItsVisitorTakesItsTime) {
  for (int i = 0; i < 60; ++i) accepted(to({"a@x"}), "x");
  clock_.advance(Milliseconds(1));
  std::size_t seen = 0;
  ASSERT_TRUE(spool().list({}, [&](const Queued&) {
    if (seen == 0) accepted(to({"late@x"}), "x");
    return ++seen, true;
  }));
  EXPECT_EQ(seen, 61U) << "what came after the first page is seen with a later one";
}

TEST_F(Listing, StopsWhenTheVisitorHasEnough) {
  for (int i = 0; i < 5; ++i) accepted(to({"a@x"}));
  int seen = 0;
  ASSERT_TRUE(spool().list({}, [&](const Queued&) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_F(Listing, FiltersFindWhatTheySay) {
  const SpoolId id = accepted(to({"bob@One.test", "joe@two.test"}), std::string(1000, 'x'));
  accepted(to({"bob@two.test"}), "y", "");
  clock_.advance(std::chrono::hours(1));
  accepted(to({"late@one.test"}), "y", "late@sender.test");
  act(id, Action::hold, to_glob("joe*"));
  const auto filter = [](auto&& set) {
    Filter f;
    set(f);
    return f;
  };
  EXPECT_EQ(count({}), 4U);
  EXPECT_EQ(count(filter([](Filter& f) { f.from = "alice@*"; })), 2U);
  EXPECT_EQ(count(filter([](Filter& f) { f.from = "<>"; })), 1U);
  EXPECT_EQ(count(filter([](Filter& f) { f.to = "bob@*"; })), 2U);
  EXPECT_EQ(count(filter([](Filter& f) { f.domain = "one.test"; })), 2U);
  EXPECT_EQ(count(filter([](Filter& f) { f.state = State::held; })), 1U);
  EXPECT_EQ(count(filter([](Filter& f) { f.larger = 999; })), 2U);
  EXPECT_EQ(count(filter([](Filter& f) { f.smaller = 2; })), 2U);
  EXPECT_EQ(count(filter([&](Filter& f) { f.accepted_before = clock_.now(); })), 3U);
  EXPECT_EQ(count(filter([&](Filter& f) { f.accepted_after = clock_.now() - Milliseconds(1); })), 1U);
  EXPECT_EQ(count(filter([](Filter& f) { f.domain = "two.test", f.from = "<>"; })), 1U);
}

// One message is read into the memory of another that was not wanted, or was on the page before.
TEST_F(Listing, NothingOfOneMessageIsLeftInTheNext) {
  for (int i = 0; i < 60; ++i) {
    clock_.advance(Milliseconds(1));
    Message rich = message(SpoolId::make(clock_), to({"a@x", "b@x", "c@x"}));
    rich.recipients[0] = {"a@x", "first@x", "rfc822;first@x", "NEVER"};
    rich.envelope.dsn_envid = "envelope";
    rich.envelope.deliver_by = DeliverBy{clock_.now(), DeliverByMode::give_back, true};
    rich.envelope.smtputf8 = rich.envelope.require_tls = true;
    rich.envelope.origin = {"mx", "ESMTPSA", "192.0.2.1", "helo.example", "user", "TLSv1.3"};
    ASSERT_TRUE(spool().accept(std::move(rich)));
    accepted(to({"plain@x"}), "x", "");
  }
  Filter plain;
  for (const char* from : {"", "<>"}) {
    plain.from = from;
    std::size_t seen = 0;
    ASSERT_TRUE(spool().list(plain, [&](const Queued& queued) {
      if (!queued.envelope.reverse_path.empty()) return true;
      const Envelope& e = queued.envelope;
      EXPECT_FALSE(e.dsn_envid || e.deliver_by || e.smtputf8 || e.require_tls);
      EXPECT_EQ(e.origin.role + e.origin.protocol + e.origin.client_address + e.origin.helo + e.origin.tls, "");
      EXPECT_EQ(queued.recipients.size(), 1U);
      const Recipient& r = queued.recipients.at(0);
      EXPECT_EQ(r.address + r.original + r.orcpt + r.notify, "plain@x");
      return ++seen, true;
    }));
    EXPECT_EQ(seen, 60U);
  }
}

TEST_F(Listing, WorksForAReaderWhileNothingRuns) {
  accepted(to({"a@x"}));
  close();
  options_.read_only = true;
  EXPECT_EQ(count({}), 1U);
  options_.read_only = false;
  close();
}

TEST_F(Listing, APrefixIsCompletedIfThereIsOneSuchId) {
  const SpoolId one = accepted(to({"a@x"}));
  clock_.advance(std::chrono::hours(24 * 400));
  const SpoolId two = accepted(to({"a@x"}));
  EXPECT_EQ(*spool().complete(one.to_text()), one);
  EXPECT_EQ(*spool().complete(two.to_text().substr(0, 12)), two);
  EXPECT_EQ(*spool().complete(two.to_text().substr(0, 1)), std::nullopt);  // both
  EXPECT_EQ(*spool().complete(""), std::nullopt);
  EXPECT_EQ(*spool().complete("!"), std::nullopt);
  EXPECT_EQ(*spool().complete(one.to_text() + "a"), std::nullopt);
  EXPECT_EQ(*spool().complete("zzzzzz"), std::nullopt);
  act(one, Action::drop);
  EXPECT_EQ(*spool().complete(one.to_text().substr(0, 12)), one);  // its journal remains
}

}  // namespace
}  // namespace tubepost::spool
