// kill -9 in the middle of what IMAP does: a mailbox is as it was before or after, never between.
#include <signal.h>

#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

struct CrashOfChangesCase {
  const char* name;
  void (*work)(MailStore&, MailboxRef a, MailboxRef b);
  const char* a_after;
  const char* b_after;
};
const CrashOfChangesCase crash_of_changes_cases[] = {
    {"append",
     [](MailStore& s, MailboxRef a, MailboxRef) {
       append(s, a, {"three", "four"});
     },
     "1:one() 2:two() 3:three() 4:four()", "1:other()"},
    {"replace", [](MailStore& s, MailboxRef a, MailboxRef b) { s.replace(a, 1, b, said(s, "new")).value(); },
     "2:two()", "1:other() 2:new()"},
    {"copy", [](MailStore& s, MailboxRef a, MailboxRef b) { s.copy(a, UidSet::all(), b).value(); },
     "1:one() 2:two()", "1:other() 2:one() 3:two()"},
    {"move", [](MailStore& s, MailboxRef a, MailboxRef b) { s.move(a, UidSet::all(), b).value(); }, "",
     "1:other() 2:one() 3:two()"},
    {"expunge", [](MailStore& s, MailboxRef a, MailboxRef) { s.expunge(a, one(1)).value(); }, "2:two()",
     "1:other()"},
    {"flags",
     [](MailStore& s, MailboxRef a, MailboxRef) {
       s.store_flags(a, one(1), adding({seen, {}})).value();
     },
     "1:one(\\Seen) 2:two()", "1:other()"},
    {"rename", [](MailStore& s, MailboxRef, MailboxRef) { (void)s.rename(1, "a", "c/d"); }, "1:one() 2:two()",
     "1:other()"},
};

TEST(CrashOfAChange, LeavesBeforeOrAfter) {
  for (const auto& one_case : crash_of_changes_cases)
    for (const std::string step : {"written", "committed"}) {
      SCOPED_TRACE(one_case.name + (" at " + step));
      Store store;
      const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
      append(*store, a, {"one", "two"});
      append(*store, b, {"other"});
      store.crash_at(step, [&] { one_case.work(*store, a, b); });
      const bool is_done = step == "committed";
      EXPECT_EQ(contents(*store, a), is_done ? one_case.a_after : "1:one() 2:two()");
      EXPECT_EQ(contents(*store, b), is_done ? one_case.b_after : "1:other()");
      EXPECT_TRUE(store.check().empty()) << store.check()[0];
    }
}

TEST(CrashOfAChange, OfALargeBodyLeavesAtMostAnOrphan) {
  for (const std::string step : {"linked", "written", "committed"}) {
    SCOPED_TRACE(step);
    Store store;
    const auto a = make(*store, 1, "a");
    store.crash_at(step, [&] { append(*store, a, {large}); });
    EXPECT_EQ(contents(*store, a), step == "committed" ? "1:" + large + "()" : "");
    for (const auto& finding : store.check(true))
      EXPECT_NE(finding.find("no message has"), std::string::npos) << finding;
    EXPECT_TRUE(store.check().empty());
  }
}

// Two processes write to one mailbox; one of them is killed again and again. Each call adds one message and
// moves one, so that a half of either would be seen.
TEST(CrashOfAChange, AmongProcessesThatShareAMailbox) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  store.close();
  const auto work = [&](int rounds) {
    store.open();
    for (int i = 0; i < rounds; ++i) {
      append(*store, a, {"one", "two"});
      const auto view = *store->view(a);
      store->move(a, view.uids, b).value();
      store->expunge(b, UidSet::all()).value();
    }
    ::_exit(0);
  };
  const pid_t steady = ::fork();
  if (steady == 0) work(60);
  for (int i = 0; i < 10; ++i) {
    const pid_t child = ::fork();
    if (child == 0) work(1'000'000);
    ::usleep(static_cast<useconds_t>(3000 + 1700 * i));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  int status = 0;
  ::waitpid(steady, &status, 0);
  EXPECT_EQ(status, 0);
  store.open();
  EXPECT_EQ(store->status(a)->messages % 2, 0U);
  EXPECT_TRUE(store.check().empty()) << store.check()[0];
}

}  // namespace
}  // namespace tubepost::mailstore::test
