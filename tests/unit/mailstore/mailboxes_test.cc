#include <set>

#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

std::string names_of(MailStore& store, AccountId account = 1) {
  std::vector<std::string> all;
  const auto mailboxes = *store.mailboxes(account);
  for (const auto& mailbox : mailboxes) all.push_back(mailbox.name);
  std::sort(all.begin(), all.end());
  std::string text;
  for (const auto& name : all) text += (text.empty() ? "" : " ") + name;
  return text;
}

std::string repeated(std::string_view what, std::size_t times) {
  std::string text;
  while (times-- > 0) text += what;
  return text;
}

TEST(Names, AreRefusedForAReason) {
  Store store;
  const std::pair<std::string, const char*> cases[] = {
      {"", "nothing"},
      {"a//b", "an empty level"},
      {"/a", "an empty first level"},
      {"a/", "an empty last level"},
      {"a\rb", "a control character"},
      {"\xff", "no UTF-8"},
      {std::string(mailbox_name_max + 1, 'x'), "one byte too long"},
      {repeated("x/", mailbox_depth_max) + "x", "one level too deep"},
  };
  for (const auto& [name, why] : cases)
    EXPECT_EQ(store->create(1, name).error().status, refusal::bad_name) << why;
  EXPECT_TRUE(store->create(1, std::string(mailbox_name_max, 'x')).has_value());
  EXPECT_TRUE(store->create(1, repeated("x/", mailbox_depth_max - 1) + "x").has_value());
}

TEST(Names, OfInboxAreAnyLettersAlsoAsAFirstLevel) {
  Store store;
  store.deliver(message("a"));
  EXPECT_EQ(store->create(1, "iNbOx").error().status, refusal::already_exists);
  EXPECT_TRUE(store->create(1, "inbox/lists").has_value());
  EXPECT_EQ(names_of(*store), "INBOX INBOX/lists");
}

TEST(Create, NeverGivesAUidValidityTwice) {
  Store store;
  std::set<std::uint32_t> given;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(given.insert(store->create(1, "a")->uid_validity).second);
    ASSERT_TRUE(store->remove(1, "a").has_value());
    if (i == 2) store.open();
  }
  EXPECT_EQ(*given.rbegin() - *given.begin(), 4U);
}

TEST(Provision, GivesEachAccountItsMailboxesOnce) {
  Store store;
  store.deliver(message("a"));
  ASSERT_TRUE(store->provision(1).has_value());
  EXPECT_EQ(names_of(*store), "Archive Drafts INBOX Junk Sent Trash");
  EXPECT_EQ(store->status(1, "Sent")->special_use, "\\Sent");
  EXPECT_EQ(store->subscriptions(1)->size(), 6U);
  ASSERT_TRUE(store->remove(1, "Junk").has_value());
  ASSERT_TRUE(store->provision(1).has_value());
  EXPECT_EQ(names_of(*store), "Archive Drafts INBOX Sent Trash");
  EXPECT_EQ(store.texts(), "1:body of a");
}

TEST(Remove, TakesTheMessagesAndLeavesTheChildren) {
  Store store;
  const auto box = make(*store, 1, "a");
  make(*store, 1, "a/b");
  append(*store, box, {"one", "two"});
  ASSERT_TRUE(store->set_acl(box, {"bob", "lr"}).has_value());
  ASSERT_TRUE(store->set_metadata(box, {{"/private/comment", "x"}}).has_value());
  ASSERT_TRUE(store->remove(1, "a").has_value());
  EXPECT_EQ(names_of(*store), "a/b");
  EXPECT_EQ(store->usage(1)->messages, 0U);
  EXPECT_EQ(store->view(box).error().status, refusal::no_such_mailbox);
  EXPECT_TRUE(store->granted_to("bob")->empty());
  EXPECT_TRUE(store.check().empty());
  store.deliver(message("x"));
  EXPECT_EQ(store->remove(1, "INBOX").error().status, refusal::not_possible);
  EXPECT_EQ(store->remove(1, "a").error().status, refusal::no_such_mailbox);
}

TEST(Rename, TakesTheChildrenAlong) {
  Store store;
  const auto box = make(*store, 1, "a");
  for (const char* name : {"a/b", "a/b/c", "ab"}) make(*store, 1, name);
  append(*store, box, {"one"});
  const auto before = *store->status(box);
  ASSERT_TRUE(store->rename(1, "a", "z/y").has_value());
  EXPECT_EQ(names_of(*store), "ab z/y z/y/b z/y/b/c");
  EXPECT_EQ(store->status(1, "z/y")->id, before.id);
  EXPECT_EQ(store->status(1, "z/y")->uid_validity, before.uid_validity);
  EXPECT_EQ(contents(*store, box), "1:one()");
  EXPECT_TRUE(store.check().empty());
}

TEST(Rename, IsRefusedAsAWhole) {
  Store store;
  for (const char* name : {"a", "a/b", "z", "q/b"}) make(*store, 1, name);
  EXPECT_EQ(store->rename(1, "a", "z").error().status, refusal::already_exists);
  EXPECT_EQ(store->rename(1, "a", "q").error().status, refusal::already_exists)
      << "a child's new name is taken";
  EXPECT_EQ(store->rename(1, "a", "a/c").error().status, refusal::not_possible);
  EXPECT_EQ(store->rename(1, "no", "c").error().status, refusal::no_such_mailbox);
  EXPECT_EQ(store->rename(1, "a", std::string(mailbox_name_max - 1, 'x')).error().status, refusal::bad_name);
  EXPECT_EQ(names_of(*store), "a a/b q/b z");
}

TEST(Rename, OfInboxMovesItsMessagesAndLeavesItEmpty) {
  Store store;
  store.deliver({message("a"), message("b")});
  make(*store, 1, "INBOX/child");
  const auto before = store.status();
  ASSERT_TRUE(store->rename(1, "inbox", "old").has_value());
  EXPECT_EQ(names_of(*store), "INBOX INBOX/child old");
  EXPECT_EQ(store.texts(), "");
  EXPECT_EQ(store.texts(1, "old"), "1:body of a 2:body of b");
  EXPECT_EQ(store.status().uid_validity, before.uid_validity);
  EXPECT_EQ(store.status().uid_next, 3U);
  EXPECT_TRUE(store.check().empty());
}

TEST(Subscriptions, MayNameWhatIsNotThere) {
  Store store;
  ASSERT_TRUE(store->subscribe(1, "ghost").has_value());
  ASSERT_TRUE(store->subscribe(1, "ghost").has_value());
  ASSERT_TRUE(store->subscribe(1, "inbox").has_value());
  EXPECT_EQ(*store->subscriptions(1), (std::vector<std::string>{"INBOX", "ghost"}));
  ASSERT_TRUE(store->unsubscribe(1, "ghost").has_value());
  ASSERT_TRUE(store->unsubscribe(1, "ghost").has_value());
  EXPECT_EQ(*store->subscriptions(1), std::vector<std::string>{"INBOX"});
  EXPECT_TRUE(store->subscriptions(2)->empty());
}

TEST(Rights, AreListedForTheMailboxAndForWhoHasThem) {
  Store store;
  const auto a = make(*store, 1, "a"), b = make(*store, 2, "b");
  ASSERT_TRUE(store->set_acl(a, {"bob", "lrs"}).has_value());
  ASSERT_TRUE(store->set_acl(b, {"bob", "lr"}).has_value());
  ASSERT_TRUE(store->set_acl(a, {"bobby", "l"}).has_value());
  EXPECT_EQ(*store->granted_to("bob"), (std::vector<MailboxRef>{a, b}));
  ASSERT_TRUE(store->set_acl(a, {"bob", "l"}).has_value());
  EXPECT_EQ(store->acl(a)->at(0).rights, "l");
  ASSERT_TRUE(store->set_acl(a, {"bob", ""}).has_value());
  EXPECT_EQ(store->acl(a)->size(), 1U);
  EXPECT_EQ(*store->granted_to("bob"), std::vector<MailboxRef>{b});
  EXPECT_EQ(store->set_acl({1, 99}, {"bob", "l"}).error().status, refusal::no_such_mailbox);
}

TEST(Rights, HaveALimit) {
  Store store;
  const auto box = make(*store, 1, "a");
  for (std::size_t i = 0; i < acl_entries_max; ++i)
    ASSERT_TRUE(store->set_acl(box, {"user" + std::to_string(i), "l"}).has_value());
  EXPECT_EQ(store->set_acl(box, {"another", "l"}).error().status, refusal::limit_reached);
  EXPECT_TRUE(store->set_acl(box, {"user7", "lr"}).has_value());
}

TEST(Metadata, BelongsToAMailboxOrToTheAccount) {
  Store store;
  const auto box = make(*store, 1, "a");
  ASSERT_TRUE(store->set_metadata(box, {{"/private/comment", "of a"}}).has_value());
  ASSERT_TRUE(store->set_metadata({1, 0}, {{"/private/comment", "of the account"}, {"/x", "y"}}).has_value());
  EXPECT_EQ(store->metadata(box)->at(0).value, "of a");
  ASSERT_TRUE(store->set_metadata({1, 0}, {{"/x", std::nullopt}}).has_value());
  EXPECT_EQ(store->metadata({1, 0})->size(), 1U);
  ASSERT_TRUE(store->set_metadata({1, 0}, {{"/x", ""}}).has_value()) << "an empty value is one";
  EXPECT_EQ(store->metadata({1, 0})->at(1).value, "");
  EXPECT_TRUE(store->set_metadata(box, {{"/big", std::string(metadata_value_max, 'x')}}).has_value());
  EXPECT_EQ(store->set_metadata(box, {{"/big", std::string(metadata_value_max + 1, 'x')}}).error().status,
            refusal::limit_reached);
  EXPECT_TRUE(store.check().empty());
}

}  // namespace
}  // namespace tubepost::mailstore::test
