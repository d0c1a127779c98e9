// A store of format 2, made of one of today's by an encoder of its own, is opened and is what it was.
#include "base/text.h"
#include "lmdb/environment.h"
#include "mailstore/block.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

constexpr Uid many = 150;  // messages; more than two rows of each kind

// All that is known of an account's messages, a line each.
std::string everything(Store& store, AccountId account) {
  std::string all;
  const auto mailboxes = store->mailboxes(account);
  for (const auto& mailbox : *mailboxes) {
    all += mailbox.name + ' ' + std::to_string(mailbox.highest_modseq) + ' ' + std::to_string(mailbox.unseen) + ' ' +
           join(mailbox.keywords, ",") + '\n';
    const auto visit = [&](const Message& one) {
      for (const std::uint64_t number :
           {std::uint64_t{one.uid}, std::uint64_t{one.flags}, one.modseq, one.size, std::uint64_t{one.head},
            static_cast<std::uint64_t>(one.internal_date.time_since_epoch().count()),
            static_cast<std::uint64_t>(one.save_date.time_since_epoch().count())})
        all += std::to_string(number) + ' ';
      all += one.email_id.to_text() + '\n';
      return true;
    };
    EXPECT_TRUE(store->list({account, mailbox.id}, 1, visit).has_value());
  }
  return all;
}

void fill(Store& store) {
  std::vector<Letter> letters;
  for (Uid number = 1; number <= many; ++number) letters.push_back(message("m" + std::to_string(number)));
  for (Uid number = 1; number <= 40; ++number) letters.push_back(message("n" + std::to_string(number)).to(2).into("Old"));
  store.deliver(letters);
  store.clock.advance(Milliseconds(5'000));
  const MailboxRef box{1, store.status().id};
  ASSERT_TRUE(store->store_flags(box, UidSet{{30, 70}}, {FlagChange::How::add, {seen, {"$Forwarded"}}, {}}).has_value());
  ASSERT_TRUE(store->store_flags(box, UidSet{{64, 64}}, {FlagChange::How::add, {deleted, {}}, {}}).has_value());
  store.expunge({1, 32, 65, 66, 67});
}

std::string of_format_2(const Message& message) {
  std::string bytes;
  const auto time = [](Timestamp when) { return static_cast<std::uint64_t>(when.time_since_epoch().count()); };
  lmdb::append_u32(bytes, message.flags);
  lmdb::append_u32(bytes, message.head);
  lmdb::append_u64(bytes, message.modseq);
  lmdb::append_u64(bytes, time(message.internal_date));
  lmdb::append_u64(bytes, time(message.save_date));
  lmdb::append_u64(bytes, message.size);
  return bytes += message.email_id.bytes();
}

// What a closed store's database is to hold in format 2.
struct Older {
  std::map<std::string, std::string> mailboxes, messages;

  explicit Older(Store& store) {
    for (const AccountId account : {1U, 2U}) {
      const auto its = store->mailboxes(account);
      for (const auto& mailbox : *its) add(store, {account, mailbox.id});
    }
  }
  void add(Store& store, MailboxRef mailbox) {
    std::map<std::uint32_t, std::pair<std::uint32_t, std::string>> rows;  // bits and records
    const auto visit = [&](const Message& message) {
      auto& row = rows[message.uid / 32];
      row.first |= 1U << message.uid % 32;
      row.second += of_format_2(message);
      return true;
    };
    EXPECT_TRUE(store->list(mailbox, 1, visit).has_value());
    for (const auto& [number, row] : rows) {
      auto& bytes = messages[schema::row_key(mailbox, number)];
      lmdb::append_u32(bytes, row.first);
      lmdb::append_u64(bytes, UINT64_MAX);  // the greatest modseq, or more
      bytes += row.second;
    }
  }

  void write(const std::string& folder) {
    auto environment = lmdb::Environment::open(folder, {});
    const auto tables = environment->open_tables({"meta", "mailboxes", "messages", "marks"});
    const auto done = environment->write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      transaction.put(tables->at(0), schema::version_key, schema::encode_u32(2));
      for (auto cursor = transaction.cursor(tables->at(1)); cursor.next();)
        mailboxes[std::string(cursor.key())] = cursor.value().substr(1);
      for (auto cursor = transaction.cursor(tables->at(3)); cursor.first();) cursor.erase();
      for (const auto& [key, value] : mailboxes) transaction.put(tables->at(1), key, value);
      for (const auto& [key, value] : messages) transaction.put(tables->at(2), key, value);
      return {};
    });
    ASSERT_TRUE(done.has_value()) << done.error().text;
  }
};

TEST(Migration, BringsAStoreOfFormat2ToThisOne) {
  Store store;
  fill(store);
  const auto first = everything(store, 1), second = everything(store, 2);
  EXPECT_NE(first.find("$Forwarded"), std::string::npos);
  Older older(store);
  store.close();
  older.write(store.folder / "store");
  store.open();
  EXPECT_EQ(everything(store, 1), first);
  EXPECT_EQ(everything(store, 2), second);
  EXPECT_TRUE(store.check().empty()) << join(store.check(), "; ");
  store.deliver(message("new"));
  EXPECT_EQ(store.status().uid_next, many + 2);
}

TEST(Migration, OfADamagedStoreChangesNothing) {
  Store store;
  fill(store);
  Older older(store);
  store.close();
  older.messages.rbegin()->second.pop_back();
  older.write(store.folder / "store");
  for (int time = 0; time < 2; ++time) {
    const auto opened = MailStore::open(store.folder / "store", {}, store.clock);
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().text.find("messages"), std::string::npos) << opened.error().text;
  }
}

// A program of format 2 that still runs must not write into rows it takes for its own.
TEST(Migration, LeavesNoMailboxThatFormat2CouldRead) {
  Store store;
  fill(store);
  store.close();
  auto environment = lmdb::Environment::open(store.folder / "store", {});
  const auto tables = environment->open_tables({"mailboxes"});
  const auto done = environment->read([&](const lmdb::ReadTransaction& transaction) {
    auto cursor = transaction.cursor(tables->front());
    int mailboxes = 0;
    for (; cursor.next(); ++mailboxes) EXPECT_FALSE(schema::decode_mailbox(cursor.key(), cursor.value().substr(1)));
    EXPECT_GT(mailboxes, 1);
    return 0;
  });
  ASSERT_TRUE(done.has_value());
}

TEST(Blocks, KeepTheWholeRangeOfNumbers) {
  const auto time = [](std::int64_t milliseconds) { return Timestamp(Milliseconds(milliseconds)); };
  Packed<BlockRow> block;
  block.clear(7);
  Message message;
  message.email_id = id_of("m");
  message.head = UINT32_MAX;
  message.size = (std::uint64_t{1} << 48) - 1;
  for (const auto& [internal, saved] : {std::pair{-62'135'596'800'000, 253'402'300'799'999}, std::pair{0L, -1L}}) {
    message.internal_date = time(internal);  // from year 1 to 9999
    message.save_date = time(saved);
    write_record(block.insert(31), message);
    write_record(block.insert(0), Message());
    const auto read = block.view().unmarked(31);
    EXPECT_EQ(read.uid, 7U * 32 + 31);
    EXPECT_EQ(read.internal_date, message.internal_date);
    EXPECT_EQ(read.save_date, message.save_date);
    EXPECT_EQ(read.size, message.size);
    EXPECT_EQ(read.head, message.head);
    EXPECT_EQ(read.email_id, message.email_id);
    block.erase(0);
    block.erase(31);
    EXPECT_TRUE(block.is_empty());
  }
}

}  // namespace
}  // namespace tubepost::mailstore::test
