#include "unit/spool/fixture.h"

namespace tubepost::spool {
namespace {

using TurnKind = Outcome::Kind;
using TurnTest = SpoolTest;

TEST_F(TurnTest, ClaimsWhatIsDueWithItsAttemptCounted) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  const Turn claimed = turn();
  ASSERT_EQ(claimed.claims.size(), 2U);
  EXPECT_EQ(claimed.claims[0].id, id);
  EXPECT_EQ(claimed.claims[0].recipient.address, "a@x");
  EXPECT_EQ(claimed.claims[0].recipient.attempts, 1U);
  EXPECT_EQ(claimed.claims[0].envelope, claimed.claims[1].envelope);
  EXPECT_EQ(claimed.claims[0].envelope->reverse_path, "alice@example.test");
  open();
  EXPECT_EQ(states(id), "0:working 1:working");
  EXPECT_EQ(find(id)->recipients[0].attempts, 1U);
}

TEST_F(TurnTest, ClaimsNothingTwice) {
  accepted(to({"a@x"}));
  EXPECT_EQ(turn().claims.size(), 1U);
  EXPECT_EQ(turn().claims.size(), 0U);
}

TEST_F(TurnTest, ClaimsTheOldestFirstAndNoMoreThanAsked) {
  const SpoolId first = accepted(to({"a@x"}));
  clock_.advance(Milliseconds(5));
  const SpoolId second = accepted(to({"b@x"}));
  const Turn one = turn({}, 1);
  ASSERT_EQ(one.claims.size(), 1U);
  EXPECT_EQ(one.claims[0].id, first);
  EXPECT_EQ(turn({}, 0).claims.size(), 0U);
  EXPECT_EQ(turn({}, 9).claims.at(0).id, second);
}

TEST_F(TurnTest, SaysWhenSomethingIsDueNext) {
  EXPECT_FALSE(turn().next_due);
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  const Turn later = turn({deferred(id, 0)});
  EXPECT_EQ(later.next_due, clock_.now() + Milliseconds(60'000));
  clock_.advance(Milliseconds(59'999));
  EXPECT_EQ(turn().claims.size(), 0U);
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(turn().claims.at(0).recipient.attempts, 2U);
}

TEST_F(TurnTest, AnIdleOneWritesNothing) {
  accepted(to({"a@x"}));
  turn();
  int written = 0;
  options_.at_step = [&](std::string_view step) { written += step == "turn: committed" ? 1 : 0; };
  open();
  turn();
  EXPECT_EQ(written, 0);
  turn({outcome(SpoolId::make(clock_), 0, TurnKind::delivered)});
  EXPECT_EQ(written, 1);
}

TEST_F(TurnTest, TheLastDeliveryEndsTheMessageAndItsJournalRemains) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  turn();
  turn({outcome(id, 0, TurnKind::delivered)});
  EXPECT_EQ(states(id), "1:working");
  EXPECT_TRUE(spool().body(id));
  turn({outcome(id, 1, TurnKind::delivered)});
  EXPECT_EQ(states(id), "gone");
  EXPECT_FALSE(spool().body(id));
  EXPECT_EQ(life(id), "accepted delivered delivered");
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, ADeferredOneWaitsWithItsReason) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({deferred(id, 0)});
  const Recipient r = find(id)->recipients[0];
  EXPECT_EQ(r.state, State::deferred);
  EXPECT_EQ(r.reason, "mailbox full");
  EXPECT_EQ(r.status, (EnhancedStatus{4, 2, 2}));
  EXPECT_EQ(r.next, clock_.now() + Milliseconds(60'000));
  EXPECT_EQ(life(id), "accepted deferred");
}

TEST_F(TurnTest, AnOutcomeIsRecordedOnce) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  turn();
  turn({deferred(id, 0)});
  turn({outcome(id, 0, TurnKind::delivered)});  // late, or twice: it is not claimed
  EXPECT_EQ(states(id), "0:deferred 1:working");
  turn({outcome(id, 1, TurnKind::delivered)});
  turn({outcome(id, 1, TurnKind::failed)});
  EXPECT_EQ(states(id), "0:deferred");
  EXPECT_EQ(life(id), "accepted deferred outcome-ignored delivered outcome-ignored");
}

TEST_F(TurnTest, AnOutcomeOfAnUnknownMessageLeavesNoTrace) {
  const SpoolId id = SpoolId::make(clock_);
  turn({outcome(id, 0, TurnKind::delivered)});
  EXPECT_EQ(life(id), "");
}

TEST_F(TurnTest, AHeldOneIsNotDue) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({outcome(id, 0, TurnKind::held)});
  EXPECT_EQ(states(id), "0:held");
  clock_.advance(std::chrono::hours(1000));
  EXPECT_TRUE(turn().claims.empty());
}

TEST_F(TurnTest, AnUnknownOutcomeIsNoAttempt) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  Outcome died = outcome(id, 0, TurnKind::unknown);
  died.next = clock_.now();
  died.crashed = true;
  const Turn again = turn({died});
  ASSERT_EQ(again.claims.size(), 1U);
  EXPECT_EQ(again.claims[0].recipient.attempts, 1U);
  EXPECT_EQ(again.claims[0].recipient.crashes, 1U);
  EXPECT_EQ(life(id), "accepted outcome-unknown");
}

TEST_F(TurnTest, APostponedOneWasNotTriedAndSaysSoOnce) {
  const SpoolId id = accepted(to({"far@y"}));
  for (int round = 0; round < 3; ++round) {
    turn();
    Outcome o = outcome(id, 0, TurnKind::postponed);
    o.text = "nothing sends outward yet";
    o.next = clock_.now() + Milliseconds(1000);
    turn({o});
    EXPECT_EQ(states(id), "0:queued");
    EXPECT_EQ(find(id)->recipients[0].attempts, 0U);
    EXPECT_EQ(find(id)->recipients[0].reason, "nothing sends outward yet");
    clock_.advance(Milliseconds(1000));
  }
  EXPECT_EQ(life(id), "accepted postponed");
}

TEST_F(TurnTest, ClaimsFoundAtStartAreGivenBack) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  turn({}, 1);
  open();
  EXPECT_EQ(*spool().recover_claims(), 1U);
  EXPECT_EQ(states(id), "0:deferred 1:queued");
  EXPECT_EQ(find(id)->recipients[0].attempts, 1U);
  EXPECT_EQ(find(id)->recipients[0].crashes, 0U);
  EXPECT_EQ(life(id), "accepted outcome-unknown");
  EXPECT_EQ(turn().claims.size(), 2U);
  EXPECT_EQ(*spool().recover_claims(), 2U);
  EXPECT_EQ(broken(), std::vector<std::string>());
}

// ---- failures and debts

TEST_F(TurnTest, AFailureOwesADsnUntilItIsSettled) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  const Turn failed = turn({outcome(id, 0, TurnKind::failed)});
  EXPECT_EQ(states(id), "0:failed");
  ASSERT_EQ(failed.debts.size(), 1U);
  EXPECT_EQ(failed.debts[0].id, id);
  EXPECT_EQ(failed.debts[0].envelope->reverse_path, "alice@example.test");
  EXPECT_EQ(failed.debts[0].owed.at(0).reason, "no such user");
  EXPECT_EQ(failed.debts[0].owed.at(0).status, (EnhancedStatus{5, 1, 1}));
  open();
  ASSERT_EQ(turn().debts.size(), 1U);

  const SpoolId report = SpoolId::derive(id, 0, 1);
  const Generated dsn{report, from(""), to({"alice@example.test"}), "Subject: sorry\r\n\r\n"};
  ASSERT_TRUE(spool().settle(failed.debts[0], dsn));
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(states(report), "0:queued");
  EXPECT_EQ(content(report), dsn.content);
  ASSERT_TRUE(spool().settle(failed.debts[0], dsn));
  EXPECT_EQ(*spool().message_count(), 1U);
  EXPECT_TRUE(turn().debts.empty());
  EXPECT_EQ(life(id), "accepted failed dsn");
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, ADebtMayBeForgiven) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  const Turn failed = turn({outcome(id, 0, TurnKind::failed)});
  ASSERT_TRUE(spool().settle(failed.debts.at(0), std::nullopt));
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(life(id), "accepted failed dsn-forgiven");
}

TEST_F(TurnTest, OneDsnForAllThatFailInARound) {
  const SpoolId id = accepted(to({"a@x", "b@x", "c@x", "d@x"}));
  turn({}, 3);
  EXPECT_TRUE(turn({outcome(id, 0, TurnKind::failed)}, 0).debts.empty());  // two are in delivery, one is due
  EXPECT_TRUE(turn({outcome(id, 1, TurnKind::failed), deferred(id, 2)}, 0).debts.empty());
  EXPECT_TRUE(turn().debts.empty());  // the fourth is in delivery now
  const Turn end = turn({outcome(id, 3, TurnKind::failed)});
  ASSERT_EQ(end.debts.size(), 1U);
  EXPECT_EQ(end.debts[0].owed.size(), 3U);
  ASSERT_TRUE(spool().settle(end.debts[0], std::nullopt));
  EXPECT_EQ(states(id), "2:deferred");
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, SettlingPaysOnlyWhatWasReported) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  turn();
  const Turn first = turn({outcome(id, 0, TurnKind::failed), deferred(id, 1)});
  ASSERT_EQ(first.debts.size(), 1U);
  clock_.advance(Milliseconds(60'000));
  turn();
  turn({outcome(id, 1, TurnKind::failed)});
  ASSERT_TRUE(spool().settle(first.debts[0], std::nullopt));
  EXPECT_EQ(states(id), "1:failed");
  EXPECT_EQ(turn().debts.at(0).owed.at(0).number, 1U);
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, NobodyHearsOfAFailureWhoDidNotWantTo) {
  struct Case {
    const char* sender;
    const char* notify;
    bool owes;
    const char* why;
  };
  for (const Case& c : {Case{"a@x", "", true, "the default"}, Case{"a@x", "NEVER", false, "never"},
                        Case{"a@x", "SUCCESS,DELAY", false, "RFC 3461 4.1: FAILURE is not among them"},
                        Case{"a@x", "success,failure", true, "words are case-insensitive"},
                        Case{"", "", false, "the null reverse-path"}}) {
    const SpoolId id = accepted({{"b@x", "", "", c.notify}}, "x", c.sender);
    turn();
    EXPECT_EQ(turn({outcome(id, 0, TurnKind::failed)}).debts.size(), c.owes ? 1U : 0U) << c.why;
    EXPECT_EQ(states(id), c.owes ? "0:failed" : "gone") << c.why;
    if (c.owes) {
      ASSERT_TRUE(spool().settle({id, nullptr, find(id)->recipients}, std::nullopt));
    }
  }
}

// ---- expansion

Outcome expansion(const SpoolId& id, std::uint32_t recipient, std::vector<NewRecipient> leaves) {
  Outcome o;
  o.kind = TurnKind::expanded;
  o.id = id;
  o.recipient = recipient;
  o.leaves = std::move(leaves);
  return o;
}

TEST_F(TurnTest, AnExpansionPutsLeavesInPlaceOfTheAlias) {
  const SpoolId id = accepted({{"all@x", "", "rfc822;all@x", "FAILURE"}});
  turn();
  const Turn next = turn({expansion(id, 0, to({"a@x", "b@x"}))});
  EXPECT_EQ(states(id), "1:working 2:working");
  ASSERT_EQ(next.claims.size(), 2U);
  const Recipient& leaf = next.claims[0].recipient;
  EXPECT_EQ(leaf.address + ' ' + leaf.original + ' ' + leaf.orcpt + ' ' + leaf.notify,
            "a@x all@x rfc822;all@x FAILURE");
  EXPECT_EQ(find(id)->envelope.recipients, 3U);
  EXPECT_EQ(life(id), "accepted expanded");
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, ALeafKeepsItsFirstOriginal) {
  const SpoolId id = accepted(to({"all@x"}));
  turn();
  turn({expansion(id, 0, to({"some@x"}))});
  EXPECT_EQ(turn({expansion(id, 1, to({"a@x"}))}).claims.at(0).recipient.original, "all@x");
}

TEST_F(TurnTest, WhoIsARecipientAlreadyIsNotAddedAgain) {
  const SpoolId id = accepted(to({"all@x", "b@x"}));
  turn();
  turn({expansion(id, 0, to({"a@x", "b@X", "a@x"}))});
  EXPECT_EQ(states(id), "1:working 2:working");
}

TEST_F(TurnTest, WhoHasItAlreadyDoesNotGetItAgain) {
  const SpoolId id = accepted(to({"all@x", "b@x", "c@x"}));
  turn();
  turn({outcome(id, 1, TurnKind::delivered)});
  turn({outcome(id, 2, TurnKind::delivered), expansion(id, 0, to({"a@x", "b@x", "c@x"}))});
  EXPECT_EQ(states(id), "3:working");
  turn({outcome(id, 3, TurnKind::delivered)});
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(TurnTest, AnAliasMayStandAmongItsOwnLeaves) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({expansion(id, 0, to({"a@x", "copy@x"}))});
  EXPECT_EQ(states(id), "1:working 2:working");
}

TEST_F(TurnTest, AnExpansionToPeopleWhoAllHaveItEndsTheMessage) {
  const SpoolId id = accepted(to({"all@x", "b@x"}));
  turn();
  turn({outcome(id, 1, TurnKind::delivered)});
  turn({expansion(id, 0, to({"b@x"}))});
  EXPECT_EQ(states(id), "gone");
}

TEST_F(TurnTest, AnExpansionWithoutLeavesIsAFailureThatIsReported) {
  const SpoolId id = accepted(to({"empty@x"}));
  turn();
  EXPECT_EQ(turn({expansion(id, 0, {})}).debts.at(0).owed.at(0).status, (EnhancedStatus{5, 2, 4}));
}

// ---- generated mail

TEST_F(TurnTest, GeneratedMailIsInsertedWithTheOutcomeAndOnce) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  turn();
  Outcome o = outcome(id, 0, TurnKind::delivered);
  const SpoolId forward = SpoolId::derive(id, 0, 1);
  o.generated.push_back({forward, from("a@x"), to({"far@y"}), large()});
  turn({o, o});
  EXPECT_EQ(states(forward), "0:working");
  EXPECT_EQ(content(forward), large());
  turn({outcome(forward, 0, TurnKind::delivered)});
  turn({o});
  EXPECT_EQ(states(forward), "gone");  // an id is never used again
  EXPECT_EQ(life(forward), "accepted delivered");
}

TEST_F(TurnTest, GeneratedMailOfAnIgnoredOutcomeIsNotInserted) {
  const SpoolId id = accepted(to({"a@x"}));
  Outcome o = outcome(id, 0, TurnKind::delivered);  // nobody claimed it
  const SpoolId forward = SpoolId::derive(id, 0, 1);
  o.generated.push_back({forward, from("a@x"), to({"far@y"}), "x"});
  turn({o}, 0);
  EXPECT_EQ(states(forward), "gone");
  EXPECT_EQ(states(id), "0:queued");
}

TEST_F(TurnTest, ManyOutcomesOfOneMessageInOneMillisecondAllHaveTheirLine) {
  std::vector<NewRecipient> many;
  for (int i = 0; i < 500; ++i) many.push_back({"u" + std::to_string(i) + "@x", "", "", ""});
  const SpoolId id = accepted(many);
  std::vector<Outcome> outcomes;
  for (const Claim& claim : turn().claims)
    outcomes.push_back(outcome(id, claim.recipient.number, TurnKind::delivered));
  ASSERT_EQ(outcomes.size(), 500U);
  turn(outcomes);
  EXPECT_EQ(spool().trace(id)->size(), 501U);
  EXPECT_EQ(states(id), "gone");
}

// ---- the journal

TEST_F(TurnTest, TheJournalOfFinishedMessagesIsForgottenInTime) {
  const SpoolId gone = accepted(to({"a@x"})), here = accepted(to({"b@x"}));
  turn();
  turn({outcome(gone, 0, TurnKind::delivered)});
  EXPECT_EQ(*spool().prune_journal(clock_.now(), 100), 0U);
  clock_.advance(std::chrono::hours(1));
  const SpoolId young = accepted(to({"c@x"}));
  turn();
  turn({outcome(young, 0, TurnKind::delivered)});
  EXPECT_EQ(*spool().prune_journal(clock_.now() - Milliseconds(10), 1), 1U);
  EXPECT_EQ(*spool().prune_journal(clock_.now() - Milliseconds(10), 100), 1U);
  EXPECT_EQ(*spool().prune_journal(clock_.now() - Milliseconds(10), 100), 0U);
  EXPECT_EQ(life(gone), "");
  EXPECT_EQ(life(here), "accepted");
  EXPECT_EQ(life(young), "accepted delivered");
}

TEST_F(TurnTest, ANoteIsALineOfTheJournal) {
  const SpoolId id = accepted(to({"a@x"}));
  ASSERT_TRUE(spool().note(id, {clock_.now(), "remark", "x=1"}));
  const auto events = *spool().trace(id);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].name + '|' + events[1].fields, "remark|x=1");
  EXPECT_EQ(events[1].time, clock_.now());
}

}  // namespace
}  // namespace tubepost::spool
