// Every rule of schema.h, broken behind the store's back: found, mended where it can be, found no more.
#include "base/text.h"
#include "lmdb/environment.h"
#include "mailstore/block.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

using Tables = std::vector<lmdb::Table>;
namespace table {
enum Table {
  accounts,
  mailboxes,
  names,
  messages,
  marks,
  uids,
  expunged,
  bodies,
  heads,
  shares,
  dropped,
  structures,
  acl,
  grants
};
}

// Runs `damage` on the closed store's tables.
void break_rule(Store& store, const std::function<void(lmdb::WriteTransaction&, const Tables&)>& damage) {
  store.close();
  {
    auto environment = lmdb::Environment::open(store.folder / "store", {});
    const auto tables =
        environment->open_tables({"accounts", "mailboxes", "names", "messages", "marks", "uids", "expunged",
                                  "bodies", "heads", "shares", "dropped", "structures", "acl", "grants"});
    const auto done = environment->write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      damage(transaction, *tables);
      return {};
    });
    ASSERT_TRUE(done.has_value()) << done.error().text;
  }
  store.open();
}

void put_u32(lmdb::WriteTransaction& transaction, lmdb::Table table, const std::string& key,
             std::uint32_t value) {
  std::string bytes;
  lmdb::append_u32(bytes, value);
  transaction.put(table, key, bytes);
}

struct CheckCase {
  const char* name;
  std::function<void(lmdb::WriteTransaction&, const Tables&)> damage;
  const char* said;
};

const CheckCase check_cases[] = {
    {"usage",
     [](auto& t, const Tables& tables) {
       schema::AccountRow row;
       row.usage = {1, 1};
       row.next_mailbox = 2;
       t.put(tables[table::accounts], schema::account_key(1), encode(row));
     },
     "quota usage is wrong"},
    {"counts",
     [](auto& t, const Tables& tables) {
       const auto key = schema::mailbox_key({1, 1});
       auto row = *schema::decode_mailbox(key, *t.get(tables[table::mailboxes], key));
       row.status.messages = 7;
       row.status.unseen = 0;
       t.put(tables[table::mailboxes], key, schema::encode(row));
     },
     "counts of INBOX are wrong"},
    {"uid_next",
     [](auto& t, const Tables& tables) {
       const auto key = schema::mailbox_key({1, 1});
       auto row = *schema::decode_mailbox(key, *t.get(tables[table::mailboxes], key));
       row.status.uid_next = 1;
       t.put(tables[table::mailboxes], key, schema::encode(row));
     },
     "counts of INBOX are wrong"},
    {"name missing",
     [](auto& t, const Tables& tables) { t.erase(tables[table::names], schema::name_key(1, "INBOX")); },
     "lost its name"},
    {"name dangling",
     [](auto& t, const Tables& tables) { put_u32(t, tables[table::names], schema::name_key(1, "Ghost"), 9); },
     "leads to no mailbox"},
    {"share too high",
     [](auto& t, const Tables& tables) {
       put_u32(t, tables[table::shares], schema::body_key(1, id_of("a")), 5);
     },
     "counts 5 messages, has 1"},
    {"body unused",
     [](auto& t, const Tables& tables) {
       schema::BodyHeader header;
       header.id = id_of("unused");
       t.put(tables[table::bodies], schema::body_key(1, header.id), encode(header));
     },
     "belongs to no message"},
    {"chunk missing",
     [](auto& t, const Tables& tables) {
       t.erase(tables[table::uids], schema::row_key({1, 1}, 0));
     },
     "UIDs of INBOX are not those"},
    {"chunk too old",
     [](auto& t, const Tables& tables) {
       std::string value(*t.get(tables[table::uids], schema::row_key({1, 1}, 0)));
       value.replace(0, 8, 8, '\0');
       t.put(tables[table::uids], schema::row_key({1, 1}, 0), value);
     },
     "UIDs of INBOX are not those"},
    {"marks missing",
     [](auto& t, const Tables& tables) { t.erase(tables[table::marks], schema::row_key({1, 1}, 0)); },
     "flags of INBOX are not those"},
    {"marks of one that is not there",
     [](auto& t, const Tables& tables) {
       Packed<MarksRow> marks;
       marks.clear(2);
       write_marks(marks.insert(5), seen, 1);
       t.put(tables[table::marks], schema::row_key({1, 1}, 2), marks.view().bytes());
     },
     "flags of INBOX are not those"},
    {"marks of no form",
     [](auto& t, const Tables& tables) { t.put(tables[table::marks], schema::row_key({1, 1}, 0), "odd"); },
     "flags of INBOX are not those"},
    {"marks of no mailbox",
     [](auto& t, const Tables& tables) {
       const std::string value(*t.get(tables[table::marks], schema::row_key({1, 1}, 0)));
       t.put(tables[table::marks], schema::row_key({1, 9}, 0), value);
     },
     "mailbox that does not exist"},
    {"log names one that is there",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::expunged], schema::expunged_key({1, 1}, 2), schema::encode(UidSet{{2, 2}}));
     },
     "log of what was expunged"},
    {"dropped of nobody",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::dropped], schema::dropped_key(1, 0), id_of("a").bytes());
     },
     "counts 1 messages, has 2"},
    {"structure without body",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::structures], schema::body_key(1, id_of("x")), "s");
     },
     "belongs to no body"},
    {"head without body",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::heads], schema::head_key(1, id_of("x"), 2), "h");
     },
     "belongs to no body"},
    {"right of no mailbox",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::acl], schema::entry_key({1, 9}, "bob"), "lr");
     },
     "mailbox that does not exist"},
    {"right not in the index",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::acl], schema::entry_key({1, 1}, "bob"), "lr");
     },
     "missing in the index"},
    {"index names no right",
     [](auto& t, const Tables& tables) {
       t.put(tables[table::grants], schema::grant_key("bob", {1, 1}), "");
     },
     "that no mailbox gives"},
};

TEST(Check, FindsAndMendsEachBrokenRule) {
  for (const auto& one : check_cases) {
    Store store;
    store.deliver({message("a"), message("b")});
    ASSERT_TRUE(store.check().empty()) << one.name;
    break_rule(store, one.damage);
    const auto found = store.check();
    ASSERT_FALSE(found.empty()) << one.name;
    EXPECT_NE(join(found, "; ").find(one.said), std::string::npos) << one.name << ": " << join(found, "; ");
    store.check(true);
    EXPECT_TRUE(store.check().empty()) << one.name << ": " << join(store.check(), "; ");
    EXPECT_EQ(store.texts(), "1:body of a 2:body of b") << one.name;
  }
}

TEST(Check, KeepsTheFlagsThatAreLeftAndShowsTheOthersAsChanged) {
  Store store;
  store.deliver({message("a"), message("b")});
  ASSERT_TRUE(store->store_flags({1, 1}, UidSet{{1, 2}}, {FlagChange::How::add, {seen, {}}, {}}).has_value());
  const auto modseq = store.status().highest_modseq;
  break_rule(store, [](auto& t, const Tables& tables) {
    const auto key = schema::row_key({1, 1}, 0);
    Packed<MarksRow> marks;
    marks.load(MarksRow(0, *t.get(tables[table::marks], key)));
    marks.erase(1);
    t.put(tables[table::marks], key, marks.view().bytes());
  });
  EXPECT_FALSE(store->find({1, 1}, 1).has_value()) << "no flags are made up";
  store.check(true);
  EXPECT_TRUE(store.check().empty());
  EXPECT_EQ((*store->find({1, 1}, 1))->flags, 0U);
  EXPECT_EQ((*store->find({1, 1}, 2))->flags, std::uint32_t{seen});
  EXPECT_EQ(store->changes_since({1, 1}, modseq)->changed, (UidSet{{1, 1}}));
  EXPECT_EQ(store.status().unseen, 1U);
}

TEST(Check, SaysThatABodyIsMissingAndLosesNothingElse) {
  Store store;
  store.deliver({message("a"), message("b")});
  break_rule(store, [](auto& t, const Tables& tables) {
    t.erase(tables[table::bodies], schema::body_key(1, id_of("a")));
  });
  ASSERT_EQ(store.check().size(), 1U);
  EXPECT_NE(store.check()[0].find("is missing"), std::string::npos);
  store.check(true);
  EXPECT_NE(store.texts().find("2:body of b"), std::string::npos);
}

TEST(Check, FindsADamagedByte) {
  Store store;
  store.deliver({message("a"), message("b").saying(std::string(5000, 'x'))});
  break_rule(store, [](auto& t, const Tables& tables) {
    const auto key = schema::body_key(1, id_of("a"));
    std::string value(*t.get(tables[table::bodies], key));
    value.back() ^= 1;
    t.put(tables[table::bodies], key, value);
  });
  std::filesystem::resize_file(store.files().at(0), 10);
  EXPECT_EQ(store.check().size(), 2U);
  EXPECT_NE(store.texts().find("damaged"), std::string::npos) << "and a reader is told";
}

TEST(Open, RefusesOlderAndNewerFormatsWithASentence) {
  for (const std::uint32_t version : {1U, 99U}) {
    Store store;
    store.close();
    {
      auto environment = lmdb::Environment::open(store.folder / "store", {});
      const auto tables = environment->open_tables({"meta"});
      const auto done = environment->write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
        put_u32(transaction, tables->front(), "schema", version);
        return {};
      });
      ASSERT_TRUE(done.has_value());
    }
    const auto opened = MailStore::open(store.folder / "store", {}, store.clock);
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().text.find("format " + std::to_string(version)), std::string::npos);
  }
}

}  // namespace
}  // namespace tubepost::mailstore::test
