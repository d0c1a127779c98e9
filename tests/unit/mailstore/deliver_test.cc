#include <sys/stat.h>

#include <fstream>

#include "mailstore/body_files.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

void write(const std::string& path, std::string_view content) { std::ofstream(path) << content; }

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

TEST(Deliver, GivesBackOutcomesInOrder) {
  Store store;
  const auto done = store.deliver({message("a"), message("b").to(2), message("c")});
  ASSERT_EQ(done.size(), 3U);
  for (const auto& one : done) EXPECT_EQ(to_string(one.outcome.status), "2.0.0");
  EXPECT_EQ(store.texts(1), "1:body of a 2:body of c");
  EXPECT_EQ(store.texts(2), "1:body of b");
  EXPECT_TRUE(store.check().empty());
}

TEST(Deliver, KeepsHeadAndBodyByteForByte) {
  Store store;
  Letter letter = message("a").saying("Subject: x\r\n\r\n\x01\xff\n\r\n");
  letter.head = "Return-Path: <>\r\n";
  store.deliver(letter);
  const auto bytes = store->fetch({1, store.status().id}, 1);
  EXPECT_EQ((*bytes)->head(), letter.head);
  EXPECT_EQ((*bytes)->body(), letter.text);
}

// RFC 3030 3, RFC 9051 4.3.1. On the disk it is as it came; who asks for its size or its bytes is told of the same ones.
TEST(Deliver, ABinaryBodyIsKeptAsItIsAndGivenInLines) {
  using namespace std::string_literals;
  for (const auto& body : {"Subject: x\r\n\r\na\0b\r\n"s, "Subject: x\r\n\r\na\0b\r\n"s + large}) {
    Store store;
    const Letter letter = message("a").saying(body);
    auto delivery = letter.delivery();
    delivery.structure = "of other bytes than are given";
    ASSERT_TRUE(store->deliver({delivery}).has_value());
    const MailboxRef box{1, store.status().id};
    const auto bytes = store->fetch(box, 1);
    EXPECT_EQ((*bytes)->body().find('\0'), std::string_view::npos);
    EXPECT_NE((*bytes)->body().find("base64\r\n\r\nYQBiDQ"), std::string_view::npos) << (*bytes)->body();
    const auto size = (*bytes)->head().size() + (*bytes)->body().size();
    EXPECT_EQ((*store->find(box, 1))->size, size);
    EXPECT_EQ(store->usage(1)->bytes, size);
    const auto has_no_structure = [](const Scanned& scanned) {
      EXPECT_EQ(scanned.structure, "");
      return true;
    };
    ASSERT_TRUE(store->scan(box, UidSet::all(), With::structures, has_no_structure).has_value());
    EXPECT_TRUE(store.check().empty());
    for (const auto& file : store.files()) EXPECT_EQ(std::filesystem::file_size(file), body.size());
    EXPECT_TRUE(store.deliver(letter).again);
  }
}

TEST(Deliver, SizeIsThatOfHeadAndBody) {
  Store store;
  const Letter letter = message("a");
  store.deliver(letter);
  EXPECT_EQ(store.status().bytes, letter.head.size() + letter.text.size());
  EXPECT_EQ(store->usage(1)->bytes, letter.head.size() + letter.text.size());
  EXPECT_EQ(store->usage(1)->messages, 1U);
}

TEST(Deliver, SurvivesTheEndOfTheProcess) {
  Store store;
  store.deliver(message("a"));
  store.open();
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Deliver, TheSameDeliveryAgainIsAnsweredAndNotWritten) {
  Store store;
  const auto first = store.deliver(message("a"));
  const auto modseq = store.status().highest_modseq;
  const auto second = store.deliver(message("a"));
  EXPECT_FALSE(first.again);
  EXPECT_TRUE(second.again);
  EXPECT_EQ(second.outcome.text, first.outcome.text);
  EXPECT_EQ(store.texts(), "1:body of a");
  EXPECT_EQ(store.status().highest_modseq, modseq);
}

TEST(Deliver, TheSameDeliveryTwiceInOneCallIsDeliveredOnce) {
  Store store;
  const auto done = store.deliver({message("a"), message("a")});
  EXPECT_FALSE(done[0].again);
  EXPECT_TRUE(done[1].again);
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Deliver, AnotherBodyUnderTheSameIdIsDeliveredAndSaidSo) {
  Store store;
  store.deliver(message("a"));
  const auto second = store.deliver(message("a").saying("something else"));
  EXPECT_TRUE(second.differs);
  EXPECT_NE(second.outcome.text.find("another message"), std::string::npos);
  EXPECT_EQ(store.texts(), "1:body of a 2:something else");
  EXPECT_TRUE(store.check().empty());
}

TEST(Deliver, TwoRecipientsInOneAccountShareTheBody) {
  Store store;
  store.deliver(
      {message("a").for_recipient(1), message("a").for_recipient(2), message("a").for_recipient(3)});
  EXPECT_EQ(store.texts(), "1:body of a 2:body of a 3:body of a");
  EXPECT_TRUE(store.check().empty());
  EXPECT_EQ(store.expunge({1, 2}), 2U);
  EXPECT_EQ(store.texts(), "3:body of a");
  EXPECT_TRUE(store.check().empty());
}

TEST(Deliver, MakesMailboxesAsNeededAndInboxInAnyLetters) {
  Store store;
  store.deliver({message("a").into("inBox"), message("b").into("Lists/tubepost")});
  EXPECT_EQ(store.texts(1, "INBOX"), "1:body of a");
  EXPECT_EQ(store.texts(1, "Lists/tubepost"), "1:body of b");
  EXPECT_EQ(store->mailboxes(1)->size(), 2U);
}

TEST(Deliver, RefusesANameThatIsNone) {
  Store store;
  for (const std::string name : {"", "a\nb", "\xff"}) {
    const auto done = store.deliver(message("a").into(name));
    EXPECT_FALSE(done.outcome.delivered);
    EXPECT_EQ(done.outcome.status.status_class, 5);
  }
  const auto longest = store.deliver(message("b").into(std::string(480, 'n')));
  EXPECT_TRUE(longest.outcome.delivered);
  EXPECT_FALSE(store.deliver(message("c").into(std::string(481, 'n'))).outcome.delivered);
}

TEST(Deliver, UidsGrowOverDeletions) {
  Store store;
  store.deliver({message("a"), message("b")});
  store.expunge({2});
  store.deliver(message("c"));
  EXPECT_EQ(store.texts(), "1:body of a 3:body of c");
}

// ---- quota

TEST(Quota, OfBytesHoldsAtItsLimitAndNotBelow) {
  Store store;
  const Letter letter = message("a");
  const auto size = letter.head.size() + letter.text.size();
  EXPECT_TRUE(store.deliver(message("a").quota(size, 0)).outcome.delivered);
  const auto over = store.deliver(message("b").quota(2 * size - 1, 0));
  EXPECT_FALSE(over.outcome.delivered);
  EXPECT_EQ(to_string(over.outcome.status), "4.2.2");
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Quota, OfMessagesCountsThoseOfTheSameCall) {
  Store store;
  const auto done =
      store.deliver({message("a").quota(0, 2), message("b").quota(0, 2), message("c").quota(0, 2)});
  EXPECT_TRUE(done[1].outcome.delivered);
  EXPECT_EQ(to_string(done[2].outcome.status), "4.2.2");
}

TEST(Quota, ARefusalIsNotRecordedSoThatTheJobMayComeAgain) {
  Store store;
  store.deliver(message("a"));
  EXPECT_FALSE(store.deliver(message("b").quota(0, 1)).outcome.delivered);
  store.expunge({1});
  const auto later = store.deliver(message("b").quota(0, 1));
  EXPECT_TRUE(later.outcome.delivered);
  EXPECT_FALSE(later.again);
}

// ---- large bodies

TEST(LargeBody, IsLinkedFromTheSpool) {
  Store store;
  write(store.folder / "spooled", large);
  store.deliver(message("a").saying(large).from_file(store.folder / "spooled"));
  ASSERT_EQ(store.files().size(), 1U);
  EXPECT_EQ(status_of(store.folder / "spooled").st_nlink, 2U);
  EXPECT_EQ(status_of(store.files()[0]).st_ino, status_of(store.folder / "spooled").st_ino);
  EXPECT_EQ(store.texts(), "1:" + large);
  EXPECT_TRUE(store.check().empty());
}

TEST(LargeBody, IsCopiedWhereThereIsNoFile) {
  Store store;
  store.deliver({message("a").saying(large), message("b").saying(large).from_file("/nowhere/at/all")});
  EXPECT_EQ(store.files().size(), 2U);
  EXPECT_EQ(store.texts(), "1:" + large + " 2:" + large);
  EXPECT_TRUE(store.check().empty());
}

TEST(LargeBody, IsCopiedFromAnotherFileSystem) {
  struct stat shm {
  }, here{};
  Store store;
  if (::stat("/dev/shm", &shm) != 0 || ::stat(store.folder.path().c_str(), &here) != 0 ||
      shm.st_dev == here.st_dev)
    GTEST_SKIP() << "needs /dev/shm as another file system";
  const std::string elsewhere = "/dev/shm/tubepost-store-" + std::to_string(::getpid());
  write(elsewhere, large);
  store.deliver(message("a").saying(large).from_file(elsewhere));
  EXPECT_EQ(status_of(elsewhere).st_nlink, 1U);
  EXPECT_EQ(store.texts(), "1:" + large);
  ::unlink(elsewhere.c_str());
}

// fs.protected_hardlinks, and a spool whose files belong to another user (docs/adr/0002).
TEST(LargeBody, IsCopiedFromAnotherUsersFile) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  constexpr uid_t nobody = 65534;
  TemporaryFolder spool;
  write(spool / "spooled", large);
  ::chmod(spool.path().c_str(), 0755);
  ::chmod((spool / "spooled").c_str(), 0644);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0) ::_exit(2);
    Store store;
    store.deliver(message("a").saying(large).from_file(spool / "spooled"));
    ::_exit(store.texts() == "1:" + large && status_of(spool / "spooled").st_nlink == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(LargeBody, IsCopiedWhereTheFileIsAnother) {
  Store store;
  write(store.folder / "short", large.substr(1));
  write(store.folder / "other", std::string(5000, 'y'));
  store.deliver({message("a").saying(large).from_file(store.folder / "short"),
                 message("b").saying(large).from_file(store.folder / "other")});
  EXPECT_EQ(status_of(store.folder / "short").st_nlink, 1U);
  EXPECT_EQ(status_of(store.folder / "other").st_nlink, 1U);
  EXPECT_EQ(store.texts(), "1:" + large + " 2:" + large);
}

TEST(LargeBody, BeginsAboveTheInlineLimit) {
  Store store;
  store.deliver(message("a").saying(std::string(1000, 'x')));
  EXPECT_TRUE(store.files().empty());
  store.deliver(message("b").saying(std::string(1001, 'x')));
  EXPECT_EQ(store.files().size(), 1U);
}

TEST(LargeBody, IsUnlinkedByTheSweepSomeTimeAfterItsLastMessageWent) {
  Store store;
  store.deliver({message("a").saying(large).for_recipient(1), message("a").saying(large).for_recipient(2)});
  store.expunge({1});
  store.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(*store->sweep(store.clock.now(), 100), 0U);
  store.expunge({2});
  EXPECT_TRUE(store.check().empty()) << "a doomed file is no orphan";
  EXPECT_EQ(*store->sweep(store.clock.now(), 100), 0U) << "its time has not come";
  store.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(*store->sweep(store.clock.now() - std::chrono::hours(24), 100), 1U);
  EXPECT_TRUE(store.files().empty());
}

TEST(LargeBody, IsNotUnlinkedDuringABackup) {
  Store store;
  store.deliver(message("a").saying(large));
  store.expunge({1});
  store.clock.advance(std::chrono::hours(25));
  {
    const auto held = store->hold_files();
    ASSERT_TRUE(held.has_value() && held->has_value());
    EXPECT_EQ(*store->sweep(store.clock.now(), 100), 0U);
  }
  EXPECT_EQ(*store->sweep(store.clock.now(), 100), 1U);
}

TEST(LargeBody, IsLinkedAgainWhenItsTransactionWasUndoneAndIsRunAgain) {
  const TemporaryFolder folder;
  const BodyFiles files(folder.path());
  const auto staged = files.stage("", large);
  ASSERT_TRUE(staged.has_value());
  {
    Links undone(files);
    ASSERT_TRUE(undone.add(*staged, large, 1, id_of("a")).has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(files.path_of(1, id_of("a"))));
  Links links(files);
  ASSERT_TRUE(links.add(*staged, large, 1, id_of("a")).has_value());
  ASSERT_TRUE(links.sync().has_value());
  links.keep();
  EXPECT_EQ(std::filesystem::file_size(files.path_of(1, id_of("a"))), large.size());
}

TEST(LargeBody, DoomedAndDeliveredAgainIsKept) {
  Store store;
  store.deliver(message("a").saying(large));
  store.expunge({1});
  store.deliver(message("a").saying(large).for_recipient(2));
  store.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(*store->sweep(store.clock.now(), 100), 0U);
  EXPECT_EQ(store.texts(), "2:" + large);
}

// ---- what is remembered

TEST(Delivered, AForgottenOutcomeStillPreventsASecondDelivery) {
  Store store;
  store.deliver(message("a"));
  EXPECT_EQ(*store->forget_outcomes({{id_of("a"), 0}, {id_of("unheard-of"), 0}}), 1U);
  const auto again = store.deliver(message("a"));
  EXPECT_TRUE(again.again);
  EXPECT_TRUE(again.outcome.delivered);
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Delivered, OnlyForgottenOnesArePrunedAndOnlyWhenOld) {
  Store store;
  store.clock.advance(std::chrono::hours(1));
  store.deliver({message("a"), message("b")});
  EXPECT_EQ(*store->forget_outcomes({{id_of("a"), 0}}), 1U);
  EXPECT_EQ(*store->prune_delivered(store.clock.now(), 10), 0U);
  store.clock.advance(std::chrono::hours(31 * 24));
  EXPECT_EQ(*store->prune_delivered(store.clock.now(), 10), 1U);
  EXPECT_TRUE(store.deliver(message("b")).again);
  EXPECT_FALSE(store.deliver(message("a")).again);
}

}  // namespace
}  // namespace tubepost::mailstore::test
