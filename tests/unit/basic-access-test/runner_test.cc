#include "basic-access-test/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace tubepost::basic_access_test {
namespace {

using namespace std::chrono_literals;

RunLimits limits(std::chrono::milliseconds probe, std::chrono::milliseconds total = 60s,
                 std::size_t side_by_side = 4) {
  return {side_by_side, probe, total};
}

Probe probe_of(CheckId check, std::function<void(Findings&)> run) {
  return {"a probe", "subject", {check}, std::move(run)};
}

// Held by threads that may outlive the test.
struct Gate {
  std::promise<void> promise;
  std::shared_future<void> opened = promise.get_future().share();
};

TEST(Runner, ResultsStandInTheOrderOfThePlanWhoeverIsFirst) {
  const auto gate = std::make_shared<Gate>();
  Plan plan;
  plan.add(probe_of("local-connect", [gate](Findings& findings) {
    gate->opened.wait();
    findings.ok("local-connect", "a", "slow");
  }));
  plan.add(probe_of("relay-connect", [gate](Findings& findings) {
    findings.ok("relay-connect", "b", "quick");
    gate->promise.set_value();
  }));
  Runner runner(limits(60s), {});
  const auto results = runner.run(plan);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].evidence, "slow");
  EXPECT_EQ(results[1].evidence, "quick");
  EXPECT_FALSE(runner.left_behind());
}

TEST(Runner, AProbeThatOverrunsIsFailedAndWhatItSaidBeforeIsKept) {
  const auto gate = std::make_shared<Gate>();
  Plan plan;
  auto probe = probe_of("local-connect", [gate](Findings& findings) {
    findings.ok("local-connect", "a", "connected");
    gate->opened.wait();
    findings.ok("relay-connect", "a", "too late");
  });
  probe.checks.push_back("relay-connect");
  plan.add(probe);
  Runner runner(limits(2s), {});
  const auto results = runner.run(plan);
  gate->promise.set_value();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].outcome, Outcome::ok);
  EXPECT_EQ(results[1].outcome, Outcome::failed);
  EXPECT_EQ(results[1].subject, "subject");
  EXPECT_NE(results[1].evidence.find("not done within"), std::string::npos);
  EXPECT_TRUE(runner.left_behind());
}

TEST(Runner, WhatDoesNotBeginWithinTheTotalTimeIsSkipped) {
  const auto gate = std::make_shared<Gate>();
  Plan plan;
  plan.add(probe_of("local-connect", [gate](Findings&) { gate->opened.wait(); }));
  plan.add(probe_of("relay-connect", [](Findings& findings) { findings.ok("relay-connect", "", ""); }));
  Runner runner(limits(60s, 30ms, 1), {});
  const auto results = runner.run(plan);
  gate->promise.set_value();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].outcome, Outcome::failed);
  EXPECT_EQ(results[1].outcome, Outcome::skipped);
}

TEST(Runner, WhatAProbeSaysNothingOfIsSkippedAndNeverOk) {
  Plan plan;
  plan.add(probe_of("local-connect", [](Findings&) {}));
  const auto results = Runner(limits(60s), {}).run(plan);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].outcome, Outcome::skipped);
}

TEST(Runner, ProbesOfOneLaneRunOneAfterTheOther) {
  const auto inside = std::make_shared<std::atomic<int>>(0);
  const auto most = std::make_shared<std::atomic<int>>(0);
  Plan plan;
  for (int i = 0; i < 8; ++i) {
    auto probe = probe_of("local-connect", [=](Findings& findings) {
      const int now = ++*inside;
      if (now > *most) *most = now;
      std::this_thread::yield();
      --*inside;
      findings.ok("local-connect", "", "");
    });
    probe.lane = "smtpd";
    plan.add(probe);
  }
  const auto results = Runner(limits(60s), {}).run(plan);
  EXPECT_EQ(results.size(), 8u);
  EXPECT_EQ(*most, 1);
}

TEST(Runner, ProgressEndsWithAllOfThem) {
  Plan plan;
  for (int i = 0; i < 3; ++i)
    plan.add(probe_of("local-connect", [](Findings& findings) { findings.ok("local-connect", "", ""); }));
  Progress last;
  Runner(limits(60s), {}).run(plan, [&](const Progress& progress) { last = progress; });
  EXPECT_EQ(last.done, 3u);
  EXPECT_EQ(last.of, 3u);
}

TEST(Findings, ASecretIsMaskedWhereverItStandsAndInBase64) {
  Findings findings({"hunter2"});
  findings.fail("local-connect", "of hunter2", "535 no hunter2 here\r\nC: aHVudGVyMg==", "not hunter2");
  const auto results = findings.take();
  ASSERT_EQ(results.size(), 1u);
  for (const auto& text : {results[0].subject, results[0].evidence, results[0].remedy}) {
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_EQ(text.find("aHVudGVyMg"), std::string::npos) << text;
  }
  EXPECT_EQ(results[0].evidence, "535 no [secret] here\nC: [secret]");
}

TEST(Findings, EvidenceIsBoundedAndPrintable) {
  Findings findings;
  findings.ok("local-connect", "", std::string(100'000, 'x') + "\x1b[31m the end");
  const auto results = findings.take();
  EXPECT_LE(results[0].evidence.size(), evidence_max + 16);
  EXPECT_EQ(results[0].evidence.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace tubepost::basic_access_test
