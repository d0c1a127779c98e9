#include "qrun/verdicts.h"

#include <gtest/gtest.h>

#include "qrun/clock_watch.h"
#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;
using Kind = spool::Outcome::Kind;

const Timestamp soon = accepted_at + 1s;
const Timestamp too_late = accepted_at + std::chrono::hours(121);

Answer answer(Answer::Status status, EnhancedStatus code) {
  return {job("bob@example.test").key(), status, code, "said so"};
}
Answer deferral() { return answer(Answer::Status::deferred, {4, 2, 2}); }

TEST(Verdicts, ADeliveredAnswerIsTheEnd) {
  const auto outcome =
      of_answer(job("bob@example.test", 3), answer(Answer::Status::delivered, {2, 1, 5}), {soon}, policy());
  EXPECT_EQ(outcome.kind, Kind::delivered);
  EXPECT_EQ(outcome.recipient, 3U);
  EXPECT_EQ(outcome.text, "said so");
}

TEST(Verdicts, AFailedAnswerKeepsItsCode) {
  const auto outcome =
      of_answer(job("bob@example.test"), answer(Answer::Status::failed, {5, 2, 2}), {soon}, policy());
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.status, (EnhancedStatus{5, 2, 2}));
}

TEST(Verdicts, ADeferredAnswerIsTriedAgainByTheSchedule) {
  const auto outcome = of_answer(job("bob@example.test"), deferral(), {soon}, policy());
  EXPECT_EQ(outcome.kind, Kind::deferred);
  EXPECT_GE(outcome.next, accepted_at + 270s);
  EXPECT_LE(outcome.next, accepted_at + 330s);
}

TEST(Verdicts, AnAttemptBegunBeforeTheDeadlineIsNotTheLastHoweverLongItTook) {
  EXPECT_EQ(of_answer(job("bob@example.test"), deferral(), {too_late}, policy()).kind, Kind::deferred);
}

TEST(Verdicts, AnAttemptBegunAfterTheDeadlineExpires) {
  Job late = job("bob@example.test");
  late.begun = too_late;
  const auto outcome = of_answer(late, deferral(), {too_late + 1s}, policy());
  EXPECT_EQ(outcome.kind, Kind::failed);
  EXPECT_EQ(outcome.status, (EnhancedStatus{5, 4, 7}));
  EXPECT_NE(outcome.text.find("said so"), std::string::npos);
}

TEST(Verdicts, NothingExpiresInTheRoundAfterAJumpOfTheClock) {
  Job late = job("bob@example.test");
  late.begun = too_late;
  EXPECT_EQ(of_answer(late, deferral(), {too_late + 1s, false}, policy()).kind, Kind::deferred);
}

TEST(Verdicts, ADeliveryNeedsAWorker) {
  EXPECT_FALSE(
      of_decision(claim(recipient("b@example.test")), DeliverTo{"b@example.test", ""}, {soon}, policy()));
}

// RFC 2852 4.1.3
TEST(Verdicts, NoDeliveryIsTriedAfterTheTimeItsSenderSet) {
  auto late = claim(recipient("b@example.test"));
  spool::Envelope envelope = *late.envelope;
  const DeliverTo here{"b@example.test", ""};
  for (const auto mode : {spool::DeliverByMode::give_back, spool::DeliverByMode::notify}) {
    envelope.deliver_by = spool::DeliverBy{soon, mode, false};
    late.envelope = std::make_shared<const spool::Envelope>(envelope);
    EXPECT_FALSE(of_decision(late, here, {soon - 1ms}, policy()));
    const auto outcome = of_decision(late, here, {soon}, policy());
    ASSERT_EQ(outcome.has_value(), mode == spool::DeliverByMode::give_back);
    if (!outcome) continue;
    EXPECT_EQ(outcome->kind, Kind::failed);
    EXPECT_EQ(outcome->status, (EnhancedStatus{5, 4, 7}));
    EXPECT_FALSE(of_decision(late, here, {soon, false}, policy())) << "the clock has jumped";
  }
}

TEST(Verdicts, RemoteMailWaitsAndSaysWhy) {
  const auto outcome = of_decision(claim(recipient("a@remote.test")), SendOut{}, {soon}, policy());
  EXPECT_EQ(outcome->kind, Kind::postponed);
  EXPECT_EQ(outcome->text, "no outgoing service: nothing sends outward");
  EXPECT_GE(outcome->next, soon + 3600s);
}

TEST(Verdicts, OutgoingSwitchedOffHasAReasonOfItsOwn) {
  Policy off = policy();
  off.outgoing = false;
  const auto outcome = of_decision(claim(recipient("a@remote.test")), SendOut{}, {soon}, off);
  EXPECT_EQ(outcome->text, "the outgoing service is off (qrun.outgoing=off)");
}

TEST(Verdicts, RemoteMailIsLookedAtAgainWhenItExpiresAndThenReturned) {
  const Timestamp deadline = accepted_at + std::chrono::hours(120);
  const auto last = of_decision(claim(recipient("a@remote.test")), SendOut{}, {deadline - 60s}, policy());
  EXPECT_EQ(last->next, deadline);
  EXPECT_EQ(of_decision(claim(recipient("a@remote.test")), SendOut{}, {deadline}, policy())->kind,
            Kind::failed);
}

TEST(Verdicts, LeavesInheritWhatTheSenderAskedFor) {
  spool::Recipient team = recipient("team@example.test");
  team.orcpt = "rfc822;team@example.test";
  team.notify = "NEVER";
  const auto outcome = of_decision(claim(team), ExpandTo{{"bob@example.test"}, {}}, {soon}, policy());
  ASSERT_EQ(outcome->leaves.size(), 1U);
  EXPECT_EQ(outcome->leaves[0].address, "bob@example.test");
  EXPECT_EQ(outcome->leaves[0].original, "team@example.test");
  EXPECT_EQ(outcome->leaves[0].orcpt, team.orcpt);
  EXPECT_EQ(outcome->leaves[0].notify, "NEVER");
}

TEST(Verdicts, ADirectoryThatCannotBeReadDefers) {
  const auto outcome = of_decision(claim(recipient("b@example.test")), AskLater{Failure::temporary("locked")},
                                   {soon}, policy());
  EXPECT_EQ(outcome->kind, Kind::deferred);
}

TEST(Verdicts, TheThirdCrashHoldsTheRecipient) {
  Job poison = job("bob@example.test");
  EXPECT_EQ(of_crash(poison.claim, "crashed", {soon}, policy()).kind, Kind::unknown);
  EXPECT_TRUE(of_crash(poison.claim, "crashed", {soon}, policy()).crashed);
  poison.claim.recipient.crashes = 2;
  EXPECT_EQ(of_crash(poison.claim, "crashed", {soon}, policy()).kind, Kind::held);
}

TEST(Verdicts, WhatIsGivenBackIsNobodysFault) {
  const auto outcome = given_back(job("bob@example.test").claim, "no worker", soon);
  EXPECT_EQ(outcome.kind, Kind::unknown);
  EXPECT_FALSE(outcome.crashed);
  EXPECT_EQ(outcome.next, soon);
}

TEST(ClockWatch, SeesAJumpOnceAndHoldsExpiryForARound) {
  ManualClock clock;
  ClockWatch watch(clock);
  clock.advance(1h);
  EXPECT_FALSE(watch.look());
  clock.set_wall(clock.now() + 24h);
  EXPECT_EQ(watch.look(), Milliseconds(24h));
  EXPECT_FALSE(watch.look());
  EXPECT_FALSE(watch.may_expire(4h));
  clock.advance(4h);
  EXPECT_TRUE(watch.may_expire(4h));
}

}  // namespace
}  // namespace tubepost::qrun
