#include "unit/mailstore/fixture.h"

#include <fstream>

namespace tubepost::mailstore::test {
namespace {

void deliver_many(Store& store, int count) {
  std::vector<Letter> letters;
  for (int i = 0; i < count; ++i) letters.push_back(message(std::to_string(i)));
  store.deliver(letters);
}

TEST(List, CrossesPagesInOrderOfUids) {
  Store store;
  deliver_many(store, 2001);
  std::vector<Uid> uids;
  const auto box = store.status().id;
  ASSERT_TRUE(store->list({1, box}, 1, [&](const Message& info) { return uids.push_back(info.uid), true; })
                  .has_value());
  ASSERT_EQ(uids.size(), 2001U);
  EXPECT_TRUE(std::is_sorted(uids.begin(), uids.end()));
}

TEST(List, BeginsAtAUidAndStopsWhenTold) {
  Store store;
  store.deliver({message("a"), message("b"), message("c"), message("d")});
  std::vector<Uid> uids;
  const auto visit = [&](const Message& info) { return uids.push_back(info.uid), uids.size() < 2; };
  ASSERT_TRUE(store->list({1, store.status().id}, 2, visit).has_value());
  EXPECT_EQ(uids, (std::vector<Uid>{2, 3}));
}

TEST(List, AVisitorMayWriteToTheStore) {
  Store store;
  store.deliver({message("a"), message("b")});
  const auto box = store.status().id;
  ASSERT_TRUE(store->list({1, box}, 1, [&](const Message& info) { return store.expunge({info.uid}) == 1; })
                  .has_value());
  EXPECT_EQ(store.texts(), "");
}

// A slow client would pin all that changes meanwhile in the file (design.md 3).
TEST(List, HoldsNoTransactionWhileItsVisitorTakesItsTime) {
  Store store;
  deliver_many(store, 1100);
  std::vector<Uid> uids;
  const auto visit = [&](const Message& info) {
    if (uids.empty()) store.deliver(message("late"));
    return uids.push_back(info.uid), true;
  };
  ASSERT_TRUE(store->list({1, store.status().id}, 1, visit).has_value());
  EXPECT_EQ(uids.size(), 1101U) << "what came after the first page is seen with a later one";
}

TEST(List, SaysWhatWasStoredOfAMessage) {
  Store store;
  const auto letter = message("a");
  auto delivery = letter.delivery();
  delivery.flags = {flagged | seen, {"$Forwarded", "tube"}};
  delivery.internal_date = Timestamp(Milliseconds(1234567));
  ASSERT_TRUE(store->deliver({delivery}).has_value());
  std::optional<Message> found;
  ASSERT_TRUE(store->list({1, store.status().id}, 1, [&](const Message& info) { return found = info, true; })
                  .has_value());
  EXPECT_EQ((found->flags & system_flags), flagged | seen);
  EXPECT_EQ(keywords_of(found->flags, store.status()), (std::vector<std::string_view>{"$Forwarded", "tube"}));
  EXPECT_EQ(found->internal_date, Timestamp(Milliseconds(1234567)));
  EXPECT_EQ(found->save_date, store.clock.now());
  EXPECT_EQ(found->email_id, id_of("a"));
  EXPECT_EQ(found->size, delivery.head.size() + delivery.body.size());
  EXPECT_EQ(store.status().unseen, 0U);
}

TEST(List, DoesNotShowAnotherMailbox) {
  Store store;
  store.deliver({message("a"), message("b").into("Other"), message("c").to(2)});
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Fetch, OfAMessageThatIsNotThereIsEmpty) {
  Store store;
  const auto found = store->fetch({1, store.status().id}, 1);
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->has_value());
}

TEST(Fetch, WhatIsHeldSurvivesItsExpunge) {
  Store store;
  const std::string large(5000, 'x');
  store.deliver({message("a"), message("b").saying(large)});
  const auto small = store->fetch({1, store.status().id}, 1),
             mapped = store->fetch({1, store.status().id}, 2);
  store.expunge({1, 2});
  store.clock.advance(std::chrono::hours(48));
  EXPECT_EQ(*store->sweep(store.clock.now(), 10), 1U);
  EXPECT_EQ((*small)->body(), "body of a");
  EXPECT_EQ((*mapped)->body(), large);
}

TEST(Fetch, OfAFileThatWasCutSaysSo) {
  Store store;
  store.deliver(message("a").saying(std::string(5000, 'x')));
  std::filesystem::resize_file(store.files().at(0), 4999);
  const auto found = store->fetch({1, store.status().id}, 1);
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().text.find("fsck"), std::string::npos);
}

TEST(OpenMailbox, MakesInboxOnly) {
  Store store;
  EXPECT_EQ(store->open_mailbox(1, "inbox")->name, "INBOX");
  EXPECT_FALSE(store->open_mailbox(1, "Archive").has_value());
}

TEST(OpenMailbox, UidValidityStaysAndIsNeverTheSameForTwo) {
  Store store;
  store.deliver({message("a"), message("b").into("Other")});
  const auto first = store.status();
  EXPECT_NE(first.uid_validity, store.status(1, "Other").uid_validity);
  store.open();
  EXPECT_EQ(store.status().uid_validity, first.uid_validity);
}

TEST(Open, RefusesAFolderWithoutADatabase) {
  const TemporaryFolder folder;
  const ManualClock clock;
  const auto opened = MailStore::open(folder / "nothing", {}, clock);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().retry, Retry::never);
}

}  // namespace
}  // namespace tubepost::mailstore::test
