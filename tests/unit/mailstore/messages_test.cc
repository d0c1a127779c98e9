// Appending, flags, copying, moving, expunging.
#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

// ---- appending

TEST(Append, GivesConsecutiveUidsInOneTransaction) {
  Store store;
  const auto box = make(*store, 1, "a");
  const auto first = append(*store, box, {"one", "two", large}, {seen, {"$Junk"}});
  EXPECT_EQ(first.uids, (UidRange{1, 3}));
  EXPECT_EQ(first.uid_validity, store->status(box)->uid_validity);
  EXPECT_EQ(append(*store, box, {"four"}).uids, (UidRange{4, 4}));
  EXPECT_EQ(contents(*store, box),
            "1:one(\\Seen $Junk) 2:two(\\Seen $Junk) 3:" + large + "(\\Seen $Junk) 4:four()");
  EXPECT_EQ(store->status(box)->highest_modseq, 3U) << "one mod-sequence for each call";
  EXPECT_EQ(store->status(box)->unseen, 1U);
  EXPECT_EQ(store.files().size(), 1U);
  EXPECT_TRUE(store.check().empty());
}

// A search then reads them one behind the other.
TEST(Append, NamesBodiesOfAMillisecondInTheirOrder) {
  Store store;
  const auto box = make(*store, 1, "box");
  append(*store, box, std::vector<std::string>(300, "x"));
  append(*store, box, {"y"});
  auto last = (*store->find(box, 1))->email_id;
  for (Uid uid = 2; uid <= 301; ++uid) {
    const auto next = (*store->find(box, uid))->email_id;
    ASSERT_GT(next, last);
    last = next;
  }
}

TEST(Append, TakesAMessageWithoutTheKeywordsThatTheMailboxHasNoRoomFor) {
  Store store;
  const auto box = make(*store, 1, "a");
  Flags most;
  for (std::size_t i = 0; i < keywords_max; ++i) most.keywords.push_back("k" + std::to_string(i));
  append(*store, box, {"one"}, most);
  EXPECT_EQ(append(*store, box, {"two"}, {seen, {"more", "K3"}}).uids, (UidRange{2, 2}));
  EXPECT_EQ(contents(*store, box).substr(contents(*store, box).find("2:")), "2:two(\\Seen k3)");
}

TEST(Append, KeepsStructureAndText) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two"});
  std::string all;
  const auto add = [&](const Scanned& s) {
    all += std::string(s.structure) + '|' + std::string(s.text) + ' ';
    return true;
  };
  ASSERT_TRUE(store->scan(box, UidSet::all(), With::structures, add).has_value());
  ASSERT_TRUE(store->scan(box, UidSet::all(), With::texts, add).has_value());
  EXPECT_EQ(all,
            "structure of one| structure of two| "
            "structure of one|text of one structure of two|text of two ");
  const auto message = *store->find(box, 2);
  ASSERT_TRUE(
      store->put_cached(1, {{message->email_id, "better", ""}, {id_of("nobody"), "x", "y"}}).has_value());
  all.clear();
  ASSERT_TRUE(store->scan(box, one(2), With::structures, add).has_value());
  EXPECT_EQ(all, "better| ");
  EXPECT_TRUE(store.check().empty());
}

// RFC 9051 6.3.12: a literal8 may bring what no literal can give back.
TEST(Append, WhatIsBinaryIsGivenInLines) {
  using namespace std::string_literals;
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"Subject: x\r\n\r\na\0b\r\n"s, "Subject: x\r\n\r\na\0b\r\n"s + large, "plain"});
  for (const Uid uid : {1U, 2U}) {
    const auto bytes = store->fetch(box, uid);
    EXPECT_NE((*bytes)->body().find("base64\r\n\r\nYQBiDQ"), std::string_view::npos);
    EXPECT_EQ((*store->find(box, uid))->size, (*bytes)->body().size());
  }
  std::string structures;
  const auto add = [&](const Scanned& s) { return structures += std::string(s.structure) + '|', true; };
  ASSERT_TRUE(store->scan(box, UidSet::all(), With::structures, add).has_value());
  EXPECT_EQ(structures, "||structure of plain|");
}

TEST(Append, IsRefusedAtTheQuotaAsAWhole) {
  Store store;
  const auto box = make(*store, 1, "a");
  std::vector<Append> two;
  two.push_back(said(*store, "12345"));
  two.push_back(said(*store, "67890"));
  EXPECT_EQ(store->append(box, two, {9, 0}).error().status, refusal::over_quota);
  EXPECT_EQ(store->append(box, two, {0, 1}).error().status, refusal::over_quota);
  EXPECT_EQ(contents(*store, box), "");
  EXPECT_TRUE(store->append(box, two, {10, 2}).has_value());
  EXPECT_EQ(store->append({1, 99}, two).error().status, refusal::no_such_mailbox);
}

TEST(NewBody, LeavesNothingBehindWhenItIsGivenUp) {
  Store store;
  {
    auto body = store->new_body();
    ASSERT_TRUE(body.write(large).has_value());
    ASSERT_TRUE(body.write(std::string(200'000, 'y')).has_value());
    ASSERT_TRUE(body.finish().has_value());
    EXPECT_EQ(body.bytes(), large + std::string(200'000, 'y'));
  }
  EXPECT_TRUE(store.files().empty());
}

TEST(NewBody, IsInMemoryUpToTheInlineLimit) {
  for (const std::uint64_t size : {1000U, 1001U}) {
    Store store;
    const auto box = make(*store, 1, "a");
    append(*store, box, {std::string(size, 'z')});
    EXPECT_EQ(store.files().size(), size > 1000 ? 1U : 0U);
    EXPECT_EQ(contents(*store, box), "1:" + std::string(size, 'z') + "()");
  }
}

TEST(Replace, AppendsAndExpungesOrNeither) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  append(*store, a, {"old", "other"});
  EXPECT_EQ(store->replace(a, 1, a, said(*store, "new"))->uids, (UidRange{3, 3}));
  EXPECT_EQ(contents(*store, a), "2:other() 3:new()");
  ASSERT_TRUE(store->replace(a, 3, b, said(*store, "elsewhere", {draft, {}})).has_value());
  EXPECT_EQ(contents(*store, a), "2:other()");
  EXPECT_EQ(contents(*store, b), "1:elsewhere(\\Draft)");
  EXPECT_EQ(store->replace(a, 3, b, said(*store, "again")).error().status, refusal::no_such_message);
  EXPECT_EQ(store->replace(a, 2, b, said(*store, "x"), {1, 0}).error().status, refusal::over_quota);
  EXPECT_EQ(contents(*store, a), "2:other()");
  EXPECT_TRUE(store.check().empty());
}

// ---- flags

TEST(StoreFlags, AddsRemovesAndReplaces) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two", "three"}, {seen, {}});
  EXPECT_EQ(store->store_flags(box, uids(1, 2), adding({flagged, {"$Junk"}}))->changed, uids(1, 2));
  EXPECT_EQ(contents(*store, box),
            "1:one(\\Seen \\Flagged $Junk) 2:two(\\Seen \\Flagged $Junk) 3:three(\\Seen)");
  EXPECT_EQ(store->store_flags(box, uids(2, 9), removing({seen, {"$JUNK", "unknown"}}))->changed, uids(2, 3));
  EXPECT_EQ(store->store_flags(box, one(1), replacing({deleted, {}}))->changed, one(1));
  EXPECT_EQ(contents(*store, box), "1:one(\\Deleted) 2:two(\\Flagged) 3:three()");
  EXPECT_EQ(store->status(box)->unseen, 3U);
  EXPECT_EQ(store->status(box)->deleted, 1U);
  EXPECT_TRUE(store.check().empty());
}

TEST(StoreFlags, ThatChangesNothingHasNoModSequence) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two"}, {seen, {}});
  const auto before = store->status(box)->highest_modseq;
  const auto stored = store->store_flags(box, uids(1, 2), adding({seen, {}}));
  EXPECT_TRUE(stored->changed.empty());
  EXPECT_EQ(store->status(box)->highest_modseq, before);
  EXPECT_EQ(store->store_flags(box, uids(1, 2), adding({flagged, {}}))->modseq, before + 1);
  EXPECT_EQ((*store->find(box, 2))->modseq, before + 1);
}

TEST(StoreFlags, LeavesAloneWhatHasChangedSince) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two", "three"});
  const auto known = store->status(box)->highest_modseq;
  store->store_flags(box, one(2), adding({seen, {}})).value();
  const auto stored = store->store_flags(box, uids(1, 3), {FlagChange::How::add, {deleted, {}}, known});
  EXPECT_EQ(stored->modified, one(2));
  EXPECT_EQ(stored->changed, (UidSet{{1, 1}, {3, 3}}));
  EXPECT_EQ(contents(*store, box), "1:one(\\Deleted) 2:two(\\Seen) 3:three(\\Deleted)");
}

TEST(StoreFlags, RefusesOneKeywordTooMany) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one"});
  Flags most;
  for (std::size_t i = 0; i < keywords_max; ++i) most.keywords.push_back("k" + std::to_string(i));
  ASSERT_TRUE(store->store_flags(box, one(1), adding(most)).has_value());
  EXPECT_EQ(store->store_flags(box, one(1), adding({0, {"more"}})).error().status, refusal::limit_reached);
  EXPECT_EQ(keywords_of((*store->find(box, 1))->flags, *store->status(box)).size(), keywords_max);
  EXPECT_TRUE(store->store_flags(box, one(1), replacing({0, {"K3"}})).has_value());
  EXPECT_EQ(contents(*store, box), "1:one(k3)");
  EXPECT_EQ(store->store_flags(box, one(1), adding({0, {"no keyword"}})).error().status, refusal::bad_name);
  EXPECT_EQ(
      store->store_flags(box, one(1), adding({0, {std::string(keyword_size_max + 1, 'x')}})).error().status,
      refusal::bad_name);
}

// ---- copies

TEST(Copy, SharesTheBodyAndTellsTheUids) {
  Store store;
  store.deliver({message("a"), message("b"), message("c")});
  const MailboxRef from{1, store.status().id}, to = make(*store, 1, "to");
  append(*store, to, {"before"});
  store->store_flags(from, one(3), adding({flagged, {"$Work"}})).value();
  store->store_flags(to, one(1), adding({0, {"$Other"}})).value();
  const auto copied = store->copy(from, UidSet{{1, 1}, {3, 7}}, to);
  EXPECT_EQ(copied->from, (UidSet{{1, 1}, {3, 3}}));
  EXPECT_EQ(copied->to, (UidRange{2, 3}));
  EXPECT_EQ(contents(*store, to), "1:before($Other) 2:body of a() 3:body of c(\\Flagged $Work)");
  EXPECT_EQ((*store->find(to, 2))->email_id, id_of("a"));
  const auto bytes = store->fetch(to, 2);
  EXPECT_EQ((*bytes)->head(), "Delivered-To: x@example.test\r\n");
  EXPECT_EQ(store->usage(1)->messages, 6U);
  EXPECT_TRUE(store.check().empty());
  store.expunge({1, 2, 3});
  EXPECT_EQ(contents(*store, to), "1:before($Other) 2:body of a() 3:body of c(\\Flagged $Work)");
  EXPECT_TRUE(store.check().empty());
}

// RFC 4314 4: for who may not set all flags.
TEST(Copy, BringsTheFlagsItMayAndNoOthers) {
  Store store;
  const auto from = make(*store, 1, "from"), to = make(*store, 2, "to");
  append(*store, from, {"one"}, {seen | deleted, {"$Work"}});
  ASSERT_TRUE(store->copy(from, UidSet::all(), to, {}, {seen, false}).has_value());
  ASSERT_TRUE(store->copy(from, UidSet::all(), to, {}, {deleted, true}).has_value());
  ASSERT_TRUE(store->move(from, UidSet::all(), to, {}, {0, false}).has_value());
  EXPECT_EQ(contents(*store, to), "1:one(\\Seen) 2:one(\\Deleted $Work) 3:one()");
  EXPECT_EQ(store->status(to)->highest_modseq, 4U) << "one change for each call";
  EXPECT_TRUE(store.check().empty());
}

TEST(Flags, OfWhichSomeMayNotBeTouchedLeavesThoseAsTheyAre) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one"}, {seen | flagged, {"$Work"}});
  const auto change = [&](FlagChange::How how, Flags flags, FlagMask mask) {
    return store->store_flags(box, one(1), {how, std::move(flags), {}, mask}).value().changed.size();
  };
  EXPECT_EQ(change(FlagChange::How::replace, {deleted, {"$New"}}, {seen | deleted, false}), 1U);
  EXPECT_EQ(contents(*store, box), "1:one(\\Flagged \\Deleted $Work)");
  EXPECT_EQ(store->status(box)->keywords.size(), 1U) << "no keyword that nobody has";
  EXPECT_EQ(change(FlagChange::How::remove, {flagged, {"$Work"}}, {0, true}), 1U);
  EXPECT_EQ(contents(*store, box), "1:one(\\Flagged \\Deleted)");
  EXPECT_EQ(change(FlagChange::How::add, {seen, {}}, {flagged, false}), 0U);
  EXPECT_TRUE(store.check().empty());
}

TEST(Copy, IntoTheSameMailboxDoublesIt) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two"});
  EXPECT_EQ(store->copy(box, UidSet::all(), box)->to, (UidRange{3, 4}));
  EXPECT_EQ(contents(*store, box), "1:one() 2:two() 3:one() 4:two()");
  EXPECT_EQ(store->move(box, uids(1, 3), box)->to, (UidRange{5, 7}));
  EXPECT_EQ(contents(*store, box), "4:two() 5:one() 6:two() 7:one()");
  EXPECT_TRUE(store.check().empty());
}

TEST(Copy, OfNothingIsNothing) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  EXPECT_TRUE(store->copy(a, UidSet::all(), b)->from.empty());
  EXPECT_TRUE(store->copy(a, UidSet(), b)->from.empty());
  EXPECT_EQ(store->copy(a, UidSet(), {1, 99}).error().status, refusal::no_such_mailbox);
}

TEST(Copy, KeepsToTheQuotaAndAMoveNeedsNone) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  append(*store, a, {"12345", "67890"});
  EXPECT_EQ(store->copy(a, UidSet::all(), b, {19, 0}).error().status, refusal::over_quota);
  EXPECT_EQ(store->copy(a, UidSet::all(), b, {0, 3}).error().status, refusal::over_quota);
  EXPECT_TRUE(store->copy(a, UidSet::all(), b, {20, 4}).has_value());
  EXPECT_TRUE(store->move(a, UidSet::all(), b, {1, 1}).has_value());
  EXPECT_EQ(store->status(b)->messages, 4U);
}

TEST(Copy, ToAnotherAccountTakesBodyHeadAndCachesAlong) {
  Store store;
  store.deliver({message("small").to(1), message("large").to(1).saying(large)});
  const MailboxRef from{1, store.status().id}, to = make(*store, 2, "to");
  append(*store, from, {"appended"});
  ASSERT_TRUE(store->copy(from, UidSet::all(), to).has_value());
  ASSERT_TRUE(store->copy(from, one(1), to).has_value());
  EXPECT_TRUE(store.check().empty());
  ASSERT_TRUE(store->remove_account(1).has_value());
  EXPECT_EQ(contents(*store, to), "1:body of small() 2:" + large + "() 3:appended() 4:body of small()");
  EXPECT_EQ((*store->fetch(to, 2))->head(), "Delivered-To: x@example.test\r\n");
  EXPECT_EQ((*store->fetch(to, 4))->head(), "Delivered-To: x@example.test\r\n");
  std::string structure;
  const auto keep = [&](const Scanned& s) { return structure = s.structure, true; };
  ASSERT_TRUE(store->scan(to, one(3), With::structures, keep).has_value());
  EXPECT_EQ(structure, "structure of appended");
  EXPECT_TRUE(store.check().empty());
}

TEST(Move, TakesOutWhatItPutsIn) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b"), c = make(*store, 2, "c");
  append(*store, a, {"one", "two", large}, {seen, {"$Work"}});
  EXPECT_EQ(store->move(a, uids(2, 3), b)->from, uids(2, 3));
  EXPECT_EQ(contents(*store, a), "1:one(\\Seen $Work)");
  EXPECT_EQ(contents(*store, b), "1:two(\\Seen $Work) 2:" + large + "(\\Seen $Work)");
  EXPECT_TRUE(store.check().empty());
  ASSERT_TRUE(store->move(b, UidSet::all(), c).has_value());
  EXPECT_EQ(contents(*store, c), "1:two(\\Seen $Work) 2:" + large + "(\\Seen $Work)");
  EXPECT_EQ(store->usage(1)->messages, 1U);
  EXPECT_TRUE(store.check().empty());
}

// ---- expunges

TEST(Expunge, MayTakeOnlyWhatIsMarked) {
  Store store;
  const auto box = make(*store, 1, "a");
  append(*store, box, {"one", "two", "three"});
  store->store_flags(box, uids(2, 3), adding({deleted, {}})).value();
  EXPECT_EQ(store->expunge(box, uids(1, 2), Which::only_deleted)->uids, one(2));
  EXPECT_EQ(contents(*store, box), "1:one() 3:three(\\Deleted)");
  EXPECT_EQ(store->status(box)->deleted, 1U);
}

TEST(Expunge, OfManyLeavesTheirBodiesForLaterWrites) {
  Store store;
  const auto box = make(*store, 1, "a");
  std::vector<std::string> texts(300, "text");
  append(*store, box, texts);
  EXPECT_EQ(store->expunge(box, UidSet::all())->uids, uids(1, 300));
  EXPECT_EQ(store->usage(1)->messages, 0U);
  EXPECT_TRUE(store.check().empty());
  append(*store, box, {"next"});
  EXPECT_TRUE(store.check().empty());
  ASSERT_TRUE(store->sweep(store.clock.now(), 10).has_value());
  EXPECT_TRUE(store.check().empty());
  EXPECT_EQ(contents(*store, box), "301:next()");
}

TEST(Expunge, OfABodySharedWithALaterCopyKeepsIt) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  append(*store, a, std::vector<std::string>(100, "text"));
  ASSERT_TRUE(store->copy(a, one(100), b).has_value());
  ASSERT_TRUE(store->expunge(a, UidSet::all()).has_value());
  ASSERT_TRUE(store->copy(b, one(1), a).has_value());
  ASSERT_TRUE(store->expunge(b, UidSet::all()).has_value());
  for (int i = 0; i < 8; ++i) append(*store, b, {"next"});
  EXPECT_EQ(contents(*store, a), "101:text()");
  EXPECT_TRUE(store.check().empty());
}

}  // namespace
}  // namespace tubepost::mailstore::test
