// The changes that operators, ETRN and upkeep make: dying inside the transaction leaves what was before, dying behind its commit
// what is after, and whoever does not know which of them happened may do it again.
#include "unit/spool/crash.h"

namespace tubepost::spool {
namespace {

using Kind = Outcome::Kind;

class CrashOfEachChange : public Crash {
protected:
  // All that anybody sees of a message.
  std::string look(const SpoolId& id) {
    std::string text = states(id);
    if (const auto found = find(id))
      for (const Recipient& r : found->recipients)
        text += " next=" + std::to_string(r.next.time_since_epoch().count()) +
                " attempts=" + std::to_string(r.attempts) + " lane=" + r.lane + (r.parked ? " parked" : "");
    const auto totals = spool().totals();
    return text + " files=" + std::to_string(files()) + " lines=" + life(id) +
           " suppressed=" + std::to_string(spool().suppressions()->size()) +
           " messages=" + std::to_string(totals ? totals->messages : 0);
  }

  SpoolId queued() { return accepted(to({"a@example.net"})); }
  SpoolId working() {
    const SpoolId id = queued();
    turn();
    return id;
  }
  SpoolId waiting(const std::string& lane = {}) {
    const SpoolId id = working();
    Outcome waits = deferred(id, 0);
    waits.lane = lane;
    turn({waits}, 0);
    return id;
  }
  SpoolId held() {
    const SpoolId id = queued();
    EXPECT_TRUE(spool().act(id, Action::hold, {}, "test"));
    return id;
  }
  SpoolId finished(std::string_view body) {
    const SpoolId id = accepted(to({"a@example.net"}), body);
    turn();
    turn({outcome(id, 0, Kind::delivered)}, 0);
    clock_.advance(std::chrono::hours(40 * 24));
    return id;
  }
  SpoolId suppressed() {
    SpoolId id = queued();
    for (std::uint32_t bounce = 0; bounce < suppressing_bounces; ++bounce) {
      id = accepted(to({"wrong@example.net"}));
      turn();
      Outcome fails = outcome(id, 0, Kind::failed);
      fails.suppress_until = clock_.now() + std::chrono::hours(1000);
      turn({fails}, 0);
    }
    return id;
  }
  static std::function<void(Spool&, const SpoolId&)> acting(Action action, std::string_view route = {}) {
    return [=](Spool& spool, const SpoolId& id) { (void)spool.act(id, action, {}, "test", route); };
  }

  struct Change {
    const char* name;
    std::function<SpoolId()> before;
    std::function<void(Spool&, const SpoolId&)> make;
    const char *inside = "change: written", *behind = "change: committed";
  };
  std::vector<Change> changes();
};

std::vector<CrashOfEachChange::Change> CrashOfEachChange::changes() {
  return {
      {"hold", [&] { return queued(); }, acting(Action::hold)},
      {"release", [&] { return held(); }, acting(Action::release)},
      {"retry", [&] { return waiting(); }, acting(Action::retry)},
      {"drop", [&] { return waiting(); }, acting(Action::drop)},
      {"drop a large one", [&] { return accepted(to({"a@example.net"}), large()); }, acting(Action::drop)},
      {"fail", [&] { return waiting(); }, acting(Action::fail)},
      {"reroute", [&] { return waiting("host:x.example"); }, acting(Action::reroute, "host:y.example:25")},
      {"a wish", [&] { return working(); }, acting(Action::hold)},
      {"a note", [&] { return queued(); },
       [&](Spool& spool, const SpoolId& id) {
         (void)spool.note(id, {clock_.now(), "noted", ""});
       }},
      {"expedite", [&] { return waiting("host:x.example"); },
       [](Spool& spool, const SpoolId&) { (void)spool.expedite("example.net", false, "ETRN"); }},
      {"unsuppress", [&] { return suppressed(); },
       [](Spool& spool, const SpoolId&) { (void)spool.unsuppress("wrong@example.net"); }},
      {"recover", [&] { return working(); },
       [](Spool& spool, const SpoolId&) { (void)spool.recover_claims(); }, "recover: given back",
       "recover: committed"},
      {"prune", [&] { return finished("small"); },
       [&](Spool& spool, const SpoolId&) {
         (void)spool.prune_journal(clock_.now() - std::chrono::hours(1), 1000);
       },
       "prune: erased", "prune: committed"},
  };
}

TEST_F(CrashOfEachChange, LeavesBeforeOrAfterAndMayBeRepeated) {
  for (const auto& change : changes()) {
    SCOPED_TRACE(change.name);
    const SpoolId id = change.before();
    const std::string before = look(id);
    crash_after(change.inside, [&](Spool& spool) { change.make(spool, id); });
    EXPECT_EQ(look(id), before);
    crash_after(change.behind, [&](Spool& spool) { change.make(spool, id); });
    const std::string state = states(id);
    // Of an expedition the first commit only notes that it was done: the recipients follow in the next.
    EXPECT_EQ(look(id) == before, change.name == std::string("expedite"));
    clock_.advance(std::chrono::minutes(2));
    change.make(spool(), id);
    EXPECT_EQ(states(id), state);
    legal();
    (void)spool().recover_claims();
    (void)spool().act(id, Action::drop, {}, "test");
  }
}

TEST_F(CrashOfEachChange, AnExpeditionCutShortGoesOnWhenItIsAskedForAgain) {
  const SpoolId id = waiting("host:x.example");
  crash_after("change: committed", [&](Spool& spool) { (void)spool.expedite("example.net", false, "ETRN"); });
  EXPECT_GT(find(id)->recipients.front().next, clock_.now());
  EXPECT_EQ(spool().expedite("example.net", false, "ETRN")->kind, Spool::Expedited::Kind::too_soon);
  clock_.advance(std::chrono::seconds(59));  // it is still not due by itself
  clock_.advance(std::chrono::seconds(2));
  turn({}, 0);
  EXPECT_NE(spool().expedite("example.net", false, "ETRN")->kind, Spool::Expedited::Kind::too_soon);
  EXPECT_LE(find(id)->recipients.front().next, clock_.now());
  legal();
}

TEST_F(CrashOfEachChange, OfASweepLeavesNotesThatTheNextErases) {
  const SpoolId id = finished(large());
  ASSERT_EQ(files(), 1U);
  crash_after("sweep: unlinked", [](Spool& spool) { (void)spool.sweep_files(); });
  EXPECT_EQ(files(), 0U);
  crash_after("sweep: committed", [](Spool& spool) { (void)spool.sweep_files(); });
  EXPECT_EQ(*spool().sweep_files(), 0U);
  EXPECT_EQ(states(id), "gone");
}

TEST_F(CrashOfEachChange, OfALaneLeavesParkedOrClaimed) {
  for (const char* step : {"turn: claimed", "turn: committed"}) {
    const SpoolId id = working();
    Outcome parked = outcome(id, 0, Kind::postponed);
    parked.lane = "host:x.example";
    parked.parked = true;
    parked.next = clock_.now() + std::chrono::hours(1);
    turn({parked}, 0);
    LaneWork work;
    work.wishes.push_back({"host:x.example", 10, 0});
    crash_after(step, [&](Spool& spool) { (void)spool.turn({}, clock_.now(), 0, work); });
    EXPECT_EQ(states(id), step == std::string("turn: claimed") ? "0:queued" : "0:working");
    ASSERT_TRUE(spool().recover_claims());
    legal();
    ASSERT_TRUE(spool().act(id, Action::drop, {}, "test"));
  }
}

}  // namespace
}  // namespace tubepost::spool
