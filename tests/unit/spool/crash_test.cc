// Dying at every step that docs/spool-states.md names, and at any moment: what was acknowledged is there,
// what is there is legal.
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <csignal>
#include <thread>

#include "lmdb/environment.h"
#include "unit/spool/crash.h"

namespace tubepost::spool {
namespace {

using CrashKind = Outcome::Kind;

TEST_F(Crash, BeforeTheCommitOfAnAcceptThereIsNothing) {
  open();
  const SpoolId id = SpoolId::make(clock_);
  crash_after("accept: inserted", [&](Spool& s) { (void)s.accept(in(s, id, "small")); });
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(life(id), "");
}

TEST_F(Crash, AfterTheCommitOfAnAcceptThereIsAll) {
  open();
  for (const std::string& body : {std::string("small"), large()}) {
    const SpoolId id = SpoolId::make(clock_);
    crash_after("accept: committed", [&](Spool& s) { (void)s.accept(in(s, id, body)); });
    EXPECT_EQ(states(id), "0:queued 1:queued");
    EXPECT_EQ(content(id), body);
    EXPECT_EQ(life(id), "accepted");
  }
}

TEST_F(Crash, BetweenLinkAndCommitAFileIsLeftThatASweepUnlinks) {
  open();
  close();
  const SpoolId id = SpoolId::make(clock_);
  const pid_t child = ::fork();
  if (child == 0) {
    Spool::Options options = options_;
    options.at_step = [](std::string_view) { ::_exit(42); };
    auto opened = Spool::open(folder_, options, clock_);
    (void)opened->accept(in(*opened, id, large()));
    ::_exit(1);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(states(id), "gone");
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(broken().size(), 1U);
  legal(true);
  EXPECT_EQ(*spool().sweep_files(), 1U);
  EXPECT_EQ(files(), 0U);
  legal();
}

TEST_F(Crash, AFileLeftUnderAGeneratedIdIsReplaced) {
  const SpoolId parent = accepted(to({"a@x"}));
  turn();
  Outcome o = outcome(parent, 0, CrashKind::delivered);
  const SpoolId child = SpoolId::derive(parent, 0, 0);
  o.generated.push_back({child, from("a@x"), to({"far@y"}), large()});
  std::filesystem::path left = folder_ + "/bodies/" + child.to_text();
  { const UniqueFd made(::creat(left.c_str(), 0600)); }
  turn({o});
  EXPECT_EQ(content(child), large());
  legal();
}

TEST_F(Crash, ATurnIsAllOrNothing) {
  for (const std::string step : {"turn: recorded", "turn: claimed", "turn: committed"}) {
    const SpoolId a = accepted(to({"a@x", "b@x"}));
    clock_.advance(Milliseconds(1));  // claims go by age
    const SpoolId b = accepted(to({"c@x"}));
    turn({}, 2);
    Outcome forwarded = outcome(a, 0, CrashKind::delivered);
    forwarded.generated.push_back({SpoolId::derive(a, 0, 0), from("a@x"), to({"far@y"}), "forwarded"});
    const std::vector<Outcome> outcomes{forwarded, outcome(a, 1, CrashKind::failed)};
    crash_after(step, [&](Spool& s) { (void)s.turn(outcomes, clock_.now(), 10); });
    const bool done = step == "turn: committed";
    EXPECT_EQ(states(a), done ? "1:failed" : "0:working 1:working") << step;
    EXPECT_EQ(states(SpoolId::derive(a, 0, 0)), done ? "0:working" : "gone") << step;
    EXPECT_EQ(states(b), done ? "0:working" : "0:queued") << step;
    // The successor finds the claims, and is told the outcomes once more.
    ASSERT_TRUE(spool().recover_claims());
    turn();
    turn(outcomes);
    EXPECT_EQ(states(a), "1:failed");
    EXPECT_EQ(states(SpoolId::derive(a, 0, 0)), "0:working");
    legal();
    for (const SpoolId& id : {a, b, SpoolId::derive(a, 0, 0)}) {
      ASSERT_TRUE(spool().recover_claims());
      ASSERT_TRUE(spool().act(id, Action::drop, {}, "test"));
    }
  }
}

TEST_F(Crash, ASettlementIsAllOrNothingAndHappensOnce) {
  for (const std::string step : {"settle: recorded", "settle: committed"}) {
    const SpoolId id = accepted(to({"a@x"}));
    turn();
    const Debt debt = turn({outcome(id, 0, CrashKind::failed)}).debts.at(0);
    const SpoolId report = SpoolId::derive(id, 0, 1);
    const Generated dsn{report, from(""), to({"alice@example.test"}), large()};
    close();
    const pid_t child = ::fork();
    if (child == 0) {
      Spool::Options options = options_;
      options.at_step = [&](std::string_view here) {
        if (here == step) ::_exit(42);
      };
      (void)Spool::open(folder_, options, clock_)->settle(debt, dsn);
      ::_exit(1);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    legal(true);
    const bool done = step == "settle: committed";
    EXPECT_EQ(states(id), done ? "gone" : "0:failed") << step;
    EXPECT_EQ(states(report), done ? "0:queued" : "gone") << step;
    const Turn next = turn({}, 0);
    EXPECT_EQ(next.debts.size(), done ? 0U : 1U);
    for (const Debt& again : next.debts) ASSERT_TRUE(spool().settle(again, dsn));
    EXPECT_EQ(states(report), "0:queued");
    EXPECT_EQ(content(report), dsn.content);
    legal();
    ASSERT_TRUE(spool().act(report, Action::drop, {}, "test"));
  }
}

TEST_F(Crash, DroppedFilesAreUnlinkedADayLaterAndNotDuringABackup) {
  const SpoolId id = accepted(to({"a@x"}), large());
  turn();
  turn({outcome(id, 0, CrashKind::delivered)});
  legal();
  EXPECT_EQ(*spool().sweep_files(), 0U);
  EXPECT_EQ(files(), 1U);
  clock_.advance(std::chrono::hours(25));
  {
    const auto backup = spool().hold_files();
    ASSERT_TRUE(backup && *backup);
    EXPECT_EQ(*spool().sweep_files(), 0U);
  }
  EXPECT_EQ(*spool().sweep_files(), 1U);
  EXPECT_EQ(files(), 0U);
  EXPECT_EQ(*spool().sweep_files(), 0U);
}

// ---- at any moment

class Storm : public Crash {
protected:
  static constexpr int threads = 16;
  static std::string body_for(const SpoolId& id, std::size_t size) {
    return std::string(size, 'x') + id.to_text();
  }

  // A thread's life: accept, and say so on the pipe, until the process is killed.
  void accept_for_ever(Spool& spool, int out, std::size_t seed) {
    const SystemClock clock;
    for (std::size_t i = seed;; ++i) {
      const SpoolId id = SpoolId::make(clock);
      BodyWriter writer = spool.new_body();
      writer.append(body_for(id, i * 769 % 9000));  // below and above the inline limit
      if (!spool.accept({id, from("a@x"), to({"b@x", "c@x"}), std::move(*writer.finish())})) ::_exit(1);
      const std::string line = id.to_text() + "\n";
      if (::write(out, line.data(), line.size()) < 0) ::_exit(1);
    }
  }
  [[noreturn]] void accept_in_child(int out) {
    options_.group_commit = true;
    auto opened = Spool::open(folder_, options_, clock_);
    std::vector<std::thread> all;
    for (std::size_t t = 0; t < threads; ++t)
      all.emplace_back([&, t] { accept_for_ever(*opened, out, t * 3); });
    all[0].join();
    ::_exit(1);
  }
  // What the child acknowledged before it was killed, after `enough` of it.
  std::vector<SpoolId> acknowledged_until_killed(std::size_t enough) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) accept_in_child(ends[1]);
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    for (bool alive = true;;) {
      const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
      if (alive && text.size() > enough * 27) alive = ::kill(child, SIGKILL) != 0;
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    std::vector<SpoolId> ids;
    for (std::size_t at = 0; at + 27 <= text.size(); at += 27)
      ids.push_back(*SpoolId::parse(text.substr(at, 26)));
    return ids;
  }
};

TEST_F(Storm, WhatWasAcknowledgedBeforeAKillIsWhole) {
  open();
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 5; ++round) {
    close();
    const auto ids = acknowledged_until_killed(100);
    EXPECT_GE(ids.size(), 100U);
    acknowledged += ids.size();
    for (const SpoolId& id : ids) {
      ASSERT_EQ(states(id), "0:queued 1:queued");
      ASSERT_TRUE(content(id).ends_with(id.to_text()));
    }
    legal(true);
    EXPECT_GE(*spool().message_count(), acknowledged);
  }
  ASSERT_TRUE(spool().sweep_files());
  legal();
}

}  // namespace
}  // namespace tubepost::spool
