// Each rule of docs/spool-states.md, broken by hand.
#include <sys/mount.h>

#include <fstream>

#include "lmdb/environment.h"
#include "spool/schema.h"
#include "unit/spool/fixture.h"

namespace tubepost::spool {
namespace {

class Check : public SpoolTest {
protected:
  using Change = std::function<void(lmdb::WriteTransaction&, lmdb::Table)>;

  // Writes behind the spool's back.
  void tamper(const char* table, const Change& change) {
    close();
    auto environment = lmdb::Environment::open(folder_, {});
    ASSERT_TRUE(environment);
    const auto tables = environment->open_tables({table});
    ASSERT_TRUE(tables);
    ASSERT_TRUE(environment->write([&](lmdb::WriteTransaction& write) -> Result<void> {
      change(write, tables->at(0));
      return {};
    }));
  }
  static void clear(lmdb::WriteTransaction& write, lmdb::Table table) {
    std::vector<std::string> keys;
    {
      lmdb::Cursor cursor = write.cursor(table);
      for (bool more = cursor.first(); more; more = cursor.next()) keys.emplace_back(cursor.key());
    }
    for (const std::string& key : keys) write.erase(table, key);
  }
  void expect_mended(const std::string& part) {
    const auto found = broken();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find(part), std::string::npos) << found[0];
    EXPECT_EQ(broken(true).size(), 1U);
    EXPECT_EQ(broken(), std::vector<std::string>());
  }
  void expect_broken(const std::string& part) {
    const auto found = broken(true);
    ASSERT_FALSE(found.empty());
    EXPECT_NE(found[0].find(part), std::string::npos) << found[0];
    EXPECT_FALSE(broken().empty()) << "nothing was lost by mending";
  }
};

TEST_F(Check, AWholeSpoolBreaksNoRule) {
  accepted(to({"a@x", "b@x"}), large());
  const SpoolId id = accepted(to({"a@x", "b@x", "c@x"}));
  turn();
  turn({deferred(id, 0), outcome(id, 1, Outcome::Kind::failed), outcome(id, 2, Outcome::Kind::delivered)});
  EXPECT_EQ(broken(), std::vector<std::string>());
  EXPECT_EQ(broken(true), std::vector<std::string>());
  EXPECT_EQ(states(id), "0:deferred 1:failed");
}

TEST_F(Check, TheCountOfALaneIsWhatIsParkedInIt) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  Outcome parked = outcome(id, 0, Outcome::Kind::postponed);
  parked.next = clock_.now() + Milliseconds(60'000);
  parked.lane = "x";
  parked.parked = true;
  turn({parked}, 0);
  ASSERT_EQ(broken(), std::vector<std::string>());
  tamper("parked", [](lmdb::WriteTransaction& write, lmdb::Table table) {
    write.put(table, "y", std::string(8, '\1'));
    write.put(table, "x", std::string(8, '\1'));
  });
  expect_mended("the counts of the lanes");
  ASSERT_EQ(spool().lanes()->size(), 1U);
  EXPECT_EQ(spool().lanes()->front().parked, 1U);
}

TEST_F(Check, ALostDueEntryIsPutBack) {
  const SpoolId id = accepted(to({"a@x"}));
  tamper("due", clear);
  EXPECT_TRUE(turn().claims.empty());
  expect_mended("never due");
  EXPECT_EQ(turn().claims.at(0).id, id);
}

TEST_F(Check, AStrayDueEntryIsRemovedAndStopsNobody) {
  const SpoolId id = accepted(to({"a@x"}));
  const auto stray = [&](lmdb::WriteTransaction& write, lmdb::Table due) {
    write.put(due, due_key(clock_.now() - Milliseconds(9), SpoolId::make(clock_), 7), {});
  };
  tamper("due", stray);
  EXPECT_EQ(turn().claims.at(0).id, id);
  EXPECT_EQ(broken(), std::vector<std::string>());
  tamper("due", stray);
  expect_mended("does not wait");
}

TEST_F(Check, TheIndexOfClaimsIsMendedBothWays) {
  accepted(to({"a@x"}));
  turn();
  tamper("working", clear);
  expect_mended("claimed and not in the index");
  EXPECT_EQ(*spool().recover_claims(), 1U);
  tamper("working", [&](lmdb::WriteTransaction& write, lmdb::Table working) {
    write.put(working, recipient_key(SpoolId::make(clock_), 0), {});
  });
  expect_mended("not claimed");
}

TEST_F(Check, DebtsAreCountedAgain) {
  const SpoolId id = accepted(to({"a@x"}));
  turn();
  turn({outcome(id, 0, Outcome::Kind::failed)});
  tamper("debts", clear);
  EXPECT_TRUE(turn().debts.empty());
  expect_mended("is owed a DSN and not in the index");
  EXPECT_EQ(turn().debts.size(), 1U);
  tamper("debts", [&](lmdb::WriteTransaction& write, lmdb::Table debts) {
    write.put(debts, id.bytes(), std::string("\0\0\0\7", 4));
  });
  expect_mended("not what is owed");
}

TEST_F(Check, ALostBodyRecordIsRestoredFromItsFile) {
  const SpoolId id = accepted(to({"a@x"}), large());
  tamper("bodies", clear);
  EXPECT_EQ(*spool().sweep_files(), 0U) << "the only copy of a message is no orphan";
  expect_mended("its file is there");
  EXPECT_EQ(content(id), large());
}

TEST_F(Check, ALostBodyIsSaid) {
  accepted(to({"a@x"}));
  tamper("bodies", clear);
  expect_broken("has no body");
}

TEST_F(Check, ADamagedBodyIsSaid) {
  const SpoolId id = accepted(to({"a@x"}));
  tamper("bodies", [&](lmdb::WriteTransaction& write, lmdb::Table bodies) {
    std::string value(*write.get(bodies, id.bytes()));
    value.back() ^= 1;
    write.put(bodies, id.bytes(), value);
  });
  expect_broken("wrong checksum");
}

TEST_F(Check, ADamagedEnvelopeIsSaidAndItsMailIsHeldNotLost) {
  const SpoolId id = accepted(to({"a@x"}));
  tamper("envelopes", [&](lmdb::WriteTransaction& write, lmdb::Table envelopes) {
    write.put(envelopes, id.bytes(), "\x09junk");
  });
  expect_broken("envelope of " + id.to_text() + " is damaged");
  const SpoolId other = accepted(to({"b@x"}));
  const Turn next = turn();
  ASSERT_EQ(next.claims.size(), 1U);
  EXPECT_EQ(next.claims[0].id, other);
  EXPECT_TRUE(spool().body(id));
}

TEST_F(Check, ADamagedRecipientIsSaidAndStopsNobody) {
  const SpoolId id = accepted(to({"a@x", "b@x"}));
  tamper("recipients",
         [&](lmdb::WriteTransaction& write, lmdb::Table r) { write.put(r, recipient_key(id, 0), "junk"); });
  EXPECT_EQ(turn().claims.size(), 1U);
  turn({outcome(id, 1, Outcome::Kind::delivered)});
  EXPECT_TRUE(spool().body(id)) << "somebody's mail is still in there";
  expect_broken("is damaged");
}

TEST_F(Check, ALostJournalIsBegunAgain) {
  accepted(to({"a@x"}));
  tamper("journal", clear);
  expect_mended("has no journal");
}

TEST_F(Check, AFileOfNobodyIsUnlinked) {
  accepted(to({"a@x"}), large());
  std::ofstream(folder_ + "/bodies/" + SpoolId::make(clock_).to_text()) << "left by a crash";
  std::ofstream(folder_ + "/bodies/README") << "not ours";
  EXPECT_EQ(files(), 3U);
  expect_mended("belongs to no message");
  EXPECT_EQ(files(), 2U);
}

TEST_F(Check, ANewerSchemaIsRefusedWithASentence) {
  open();
  tamper("meta", [](lmdb::WriteTransaction& write, lmdb::Table meta) {
    write.put(meta, "schema", std::string("\0\0\0\x63", 4));
  });
  const auto opened = Spool::open(folder_, options_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().retry, Retry::never);
  EXPECT_NE(opened.error().text.find("newer program"), std::string::npos);
}

// As the program before this one left it.
struct Older : Check {
  void make_older() {
    const SpoolId id = accepted(to({"a@x", "b@y"}));
    turn();
    std::vector<Outcome> parked;
    for (const std::uint32_t number : {0U, 1U}) {
      parked.push_back(outcome(id, number, Outcome::Kind::postponed));
      parked.back().next = clock_.now() + Milliseconds(60'000);
      parked.back().lane = "x";
      parked.back().parked = true;
    }
    turn(parked, 0);
    tamper("parked", clear);
    tamper("meta", [](lmdb::WriteTransaction& write, lmdb::Table meta) {
      write.put(meta, "schema", std::string("\0\0\0\x02", 4));
      write.erase(meta, "totals");
    });
  }
};

TEST_F(Older, ASchemaIsMigratedWhereItIsOpenedForWriting) {
  make_older();
  open();
  ASSERT_EQ(spool().lanes()->size(), 1U);
  EXPECT_EQ(spool().lanes()->front().parked, 2U);
  EXPECT_EQ(spool().totals()->messages, 1U);
  EXPECT_EQ(broken(), std::vector<std::string>());
}

TEST_F(Older, ASchemaIsNotReadAndItIsSaidWhoMigratesIt) {
  make_older();
  Spool::Options options;
  options.read_only = true;
  const auto opened = Spool::open(folder_, options, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().retry, Retry::never);
  EXPECT_NE(opened.error().text.find("mailadm fsck"), std::string::npos) << opened.error().text;
}

TEST_F(Check, ACopyIsReadLikeTheOriginal) {
  const SpoolId id = accepted(to({"a@x"}));
  close();
  const std::string copy = folder_ + "/copy";
  std::filesystem::create_directory(copy);
  ASSERT_TRUE(lmdb::Environment::open(folder_, {})->copy_to(copy));
  Spool::Options options;
  options.read_only = true;
  const auto opened = Spool::open(copy, options, clock_);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(*opened->find(id));
  EXPECT_TRUE(opened->body(id));
}

// ---- disk full

class Full : public SpoolTest {
protected:
  void SetUp() override {
    if (::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") != 0)
      GTEST_SKIP() << "cannot mount a tmpfs here";
    mounted_ = true;
    options_.disk_reserve = 0.5;
    open();
  }
  void TearDown() override {
    close();
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool mounted_ = false;
};

TEST_F(Full, IntakeStopsAtTheReserve) {
  EXPECT_TRUE(spool().check_room(1000));
  const auto refused = spool().check_room(3 << 20);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, (EnhancedStatus{4, 3, 1}));
  accepted(to({"a@x"}), std::string(2'500'000, 'x'));
  EXPECT_TRUE(spool().check_room(1000)) << "the answer may be a second old";
  clock_.advance(Milliseconds(1001));
  EXPECT_FALSE(spool().check_room(1000));
}

TEST_F(Full, AFullDiskLosesNothingAndSaysSo) {
  options_.inline_max = 1 << 20;
  open();
  std::vector<SpoolId> good;
  std::optional<Failure> failure;
  while (!failure) {
    const SpoolId id = SpoolId::make(clock_);
    const auto done = spool().accept(message(id, to({"a@x"}), std::string(300'000, 'x')));
    done ? good.push_back(id) : void(failure = done.error());
    ASSERT_LT(good.size(), 100U);
  }
  EXPECT_EQ(failure->status, (EnhancedStatus{4, 3, 1})) << failure->text;
  ASSERT_FALSE(good.empty());
  open();
  for (const SpoolId& id : good) EXPECT_EQ(content(id).size(), 300'000U);
  EXPECT_EQ(*spool().message_count(), good.size());
}

TEST_F(Full, ALargeBodyThatDoesNotFitIsRefusedBeforeAnythingIsWritten) {
  BodyWriter writer = spool().new_body();
  for (int i = 0; i < 60; ++i) writer.append(std::string(100'000, 'x'));
  const auto body = writer.finish();
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().status, (EnhancedStatus{4, 3, 1}));
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace tubepost::spool
