#include <thread>

#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

TEST(Expunge, TakesOnlyWhatIsThereAndCountsIt) {
  Store store;
  store.deliver({message("a"), message("b"), message("c")});
  EXPECT_EQ(store.expunge({1, 3, 3, 99}), 2U);
  EXPECT_EQ(store.texts(), "2:body of b");
  EXPECT_EQ(store.expunge({1}), 0U);
}

TEST(Expunge, GivesItsQuotaBack) {
  Store store;
  store.deliver({message("a"), message("b")});
  store.expunge({1, 2});
  EXPECT_EQ(store->usage(1)->bytes, 0U);
  EXPECT_EQ(store->usage(1)->messages, 0U);
  EXPECT_EQ(store.status().messages, 0U);
  EXPECT_EQ(store.status().unseen, 0U);
}

TEST(Expunge, IsTheLastChangeOfAMessage) {
  Store store;
  store.deliver({message("a"), message("b"), message("c")});
  const auto before = store.status().highest_modseq;
  store.expunge({2});
  EXPECT_EQ(store.status().highest_modseq, before + 1);
  const auto changes = store->changes_since({1, store.status().id}, before);
  EXPECT_EQ(changes->vanished, (UidSet{{2, 2}}));
  EXPECT_TRUE(changes->changed.empty());
}

TEST(Expunge, OfAMailboxThatIsNotThereIsRefused) {
  Store store;
  EXPECT_EQ(store->expunge({1, 99}, UidSet{{1, 1}}).error().status, refusal::no_such_mailbox);
}

TEST(RemoveAccount, LeavesNothingButItsNeighbours) {
  Store store;
  std::vector<Letter> letters;
  for (int i = 0; i < 1200; ++i) letters.push_back(message(std::to_string(i)).to(2));
  letters.push_back(message("large").to(2).saying(std::string(5000, 'x')));
  letters.push_back(message("before").to(1));
  letters.push_back(message("after").to(3));
  store.deliver(letters);
  ASSERT_TRUE(store->remove_account(2).has_value());
  EXPECT_EQ(store->usage(2)->messages, 0U);
  EXPECT_TRUE(store->mailboxes(2)->empty());
  EXPECT_EQ(store.texts(1), "1:body of before");
  EXPECT_EQ(store.texts(3), "1:body of after");
  EXPECT_TRUE(store.check().empty());
  store.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(*store->sweep(store.clock.now(), 10), 1U);
  EXPECT_TRUE(store.files().empty());
  EXPECT_TRUE(store->remove_account(2).has_value()) << "once more";
}

TEST(Threads, DeliverTogetherAndReadMeanwhile) {
  Store store;
  store.group_commit = true;
  store.open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 25; ++i) {
        const auto letter = message(std::to_string(t) + '-' + std::to_string(i));
        const auto done = store->deliver({letter.delivery()});
        if (!done || !done->front().outcome.delivered) std::abort();
        if (!store->usage(1)) std::abort();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->usage(1)->messages, 100U);
  EXPECT_TRUE(store.check().empty());
}

}  // namespace
}  // namespace tubepost::mailstore::test
