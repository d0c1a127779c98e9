#include <algorithm>
#include <thread>

#include "lmdb/environment.h"
#include "mailstore/schema.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

// The change log of an account's mailbox, "+uid" and "-uid" in order of mod-sequences, read behind the
// store's back.
std::string change_log(Store& store, AccountId account = 1) {
  const auto box = store.status(account).id;
  store.close();
  auto environment = lmdb::Environment::open(store.folder / "store", {});
  const auto tables = environment->open_tables({"changes"});
  auto text = environment->read([&](const lmdb::ReadTransaction& transaction) {
    std::string log;
    auto cursor = transaction.cursor(tables->front());
    const auto prefix = schema::mailbox_key(account, box);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
         more = cursor.next()) {
      const auto change = *schema::decode_change(cursor.value());
      log += (change.expunged ? " -" : " +") + std::to_string(change.uid);
    }
    return log;
  });
  { const auto closed = std::move(environment); }
  store.open();
  return *text;
}

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
  EXPECT_EQ(change_log(store), " +1 +3 -2");
}

TEST(Expunge, OfAMailboxThatIsNotThereIsNothing) {
  Store store;
  EXPECT_EQ(*store->expunge(1, 99, {1}), 0U);
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
