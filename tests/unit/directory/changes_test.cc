#include <functional>

#include "directory/login.h"
#include "directory/properties.h"
#include "small_town.h"

namespace tubepost::directory {
namespace {

void expect_refused(const Result<void>& done, const std::string& word, std::uint16_t subject) {
  ASSERT_FALSE(done) << "wanted: " << word;
  EXPECT_NE(done.error().text.find(word), std::string::npos) << done.error().text;
  EXPECT_EQ(done.error().retry, Retry::never);
  EXPECT_EQ(done.error().status.subject, subject) << done.error().text;
}
template <class T>
Result<void> plain(const Result<T>& result) {
  return result ? Result<void>() : Result<void>(result.error());
}

TEST(Changes, AreRefusedWithASentence) {
  SmallTown town;
  town.domain("example.test")
      .domain("other.test", {{"address", "127.0.0.2"}})
      .domain("backup.test", {{"relay", "yes"}});
  town.account("bob@example.test").alias("all@example.test", {"bob@example.test"});
  constexpr std::uint16_t data = 6, no = 7, absent = 1;  // RFC 3463 3: content, policy, address
  expect_refused(town->add_domain("exa mple", {}), "not a domain name", data);
  expect_refused(town->add_domain("Example.TEST", {}), "already", no);
  expect_refused(town->add_domain("new.test", {{"colour", "red"}}), "there are: address, primary, relay",
                 data);
  expect_refused(town->add_domain("new.test", {{"address", "127.0.0.2"}}), "other.test is bound to it", no);
  expect_refused(town->add_domain("new.test", {{"address", "localhost"}}), "virtual or an IP address", data);
  expect_refused(town->set_domain("example.test", {{"relay", "yes"}}), "primary", no);
  expect_refused(town->set_domain("example.test", {{"primary", "no"}}), "another one primary", no);
  expect_refused(town->set_domain("backup.test", {{"primary", "yes"}}), "another server's", no);
  expect_refused(town->set_domain("none.test", {}), "no such domain", absent);
  expect_refused(town->remove_domain("example.test"), "still has accounts", no);
  expect_refused(town->remove_domain("none.test"), "no such domain", absent);
  expect_refused(plain(town->add_account("BOB@example.test", {})), "differs only in case", no);
  expect_refused(plain(town->add_account("bob@example.test", {})), "an account already", no);
  expect_refused(plain(town->add_account("all@example.test", {})), "an alias already", no);
  expect_refused(plain(town->add_account("x@none.test", {})), "no such domain", absent);
  expect_refused(plain(town->add_account("x@backup.test", {})), "another server's", no);
  expect_refused(plain(town->add_account("bob", {})), "not an address", data);
  expect_refused(plain(town->add_account("archive-bob@example.test", {})), "archive", data);
  expect_refused(plain(town->add_account("x@example.test", {{"quota", "lots"}})), "a size such as", data);
  expect_refused(plain(town->add_account("x@example.test", {{"quota", "0"}})), "a size such as", data);
  expect_refused(plain(town->add_account("x@example.test", {{"suspended", "maybe"}})), "yes or no", data);
  expect_refused(town->set_account("x@example.test", {}), "no such account", absent);
  expect_refused(town->set_account("all@example.test", {}), "no such account", absent);
  expect_refused(plain(town->remove_account("all@example.test")), "no such account", absent);
  expect_refused(town->add_alias("bob@example.test", {"x@y.example"}), "an account already", no);
  expect_refused(town->add_alias("new@example.test", {}), "needs a target", data);
  expect_refused(town->add_alias("new@example.test", {"bob"}), "not an address", data);
  expect_refused(town->add_alias("new@example.test", {"NEW@example.test"}), "its own target", data);
  expect_refused(town->remove_alias("all@example.test", {"x@y.example"}), "no such target", absent);
  expect_refused(town->remove_alias("bob@example.test", {}), "no such alias", absent);
  expect_refused(town->set_server({{"primary-domain", ""}}), "there must be one", no);
  expect_refused(town->set_server({{"primary-domain", "none.test"}}), "no such domain", absent);
  expect_refused(town->set_server({{"sub-address-separator", "@"}}), "one of", data);
  EXPECT_EQ(town->accounts()->size(), 1U) << "nothing of it was done";
  EXPECT_EQ(town->aliases()->size(), 1U);
  EXPECT_EQ(town->domains()->size(), 3U);
}

TEST(Changes, ADomainIsNotAddedInItsOtherFormAsWell) {
  SmallTown town;
  town.domain("münchen.test");
  expect_refused(town->add_domain("xn--mnchen-3ya.test", {}), "already, as münchen.test", 7);
  EXPECT_EQ(town->domains()->size(), 1U);
}

TEST(Changes, AnIdIsNeverUsedAgain) {
  SmallTown town;
  town.domain("example.test");
  const auto first = town->add_account("bob@example.test", {});
  ASSERT_TRUE(first);
  ASSERT_EQ(*town->remove_account("bob@example.test"), first->id);
  const auto second = town->add_account("bob@example.test", {});
  ASSERT_TRUE(second);
  EXPECT_GT(second->id, first->id);
  EXPECT_FALSE(town->find_account(first->id)->has_value());
  EXPECT_EQ((*town->find_account(second->id))->address.to_text(), "bob@example.test");
  EXPECT_EQ(*town->next_account_id(), second->id + 1);
}

TEST(Changes, TheFirstDomainIsThePrimaryOne) {
  SmallTown town;
  EXPECT_FALSE(town->primary_domain());
  town.domain("backup.test", {{"relay", "yes"}});
  EXPECT_FALSE(town->primary_domain()) << "a relay domain is not ours";
  town.domain("example.test").domain("second.test");
  EXPECT_EQ(*town->primary_domain(), "example.test");
  ASSERT_TRUE(town->set_domain("second.test", {{"primary", "yes"}}));
  EXPECT_EQ(*town->primary_domain(), "second.test");
  EXPECT_EQ(town->domains()->back().properties.at("primary"), "yes");
  EXPECT_FALSE(town->domains()->at(1).properties.contains("primary")) << "there is one";
  EXPECT_FALSE(*town->is_hosted("backup.test"));
  EXPECT_TRUE(*town->is_hosted("Example.TEST"));
}

TEST(Changes, ADomainIsBoundToItsAddress) {  // A10
  SmallTown town;
  town.domain("example.test").domain("bound.test", {{"address", "2001:DB8:0::1"}});
  EXPECT_EQ(*town->default_domain("2001:db8::1"), "bound.test");
  EXPECT_EQ(*town->default_domain("192.0.2.1"), "example.test");
  EXPECT_EQ(*town->default_domain(""), "example.test");
  ASSERT_TRUE(town->set_domain("bound.test", {{"address", "192.0.2.1"}}));
  EXPECT_EQ(*town->default_domain("192.0.2.1"), "bound.test");
  EXPECT_EQ(*town->default_domain("2001:db8::1"), "example.test");
  ASSERT_TRUE(town->remove_domain("bound.test"));
  EXPECT_EQ(*town->default_domain("192.0.2.1"), "example.test");
}

TEST(Changes, QuotasAreKeptAsNumbers) {
  SmallTown town;
  town.domain("example.test")
      .account("bob@example.test", {{"quota", "1G"}, {"quota-messages", "100"}, {"suspended", "no"}});
  const auto bob = *town->find_account(SmallTown::mailbox("bob@example.test"));
  EXPECT_EQ(bob->quota_bytes(), std::uint64_t{1} << 30);
  EXPECT_EQ(bob->quota_messages(), 100U);
  EXPECT_FALSE(bob->is_suspended());
  EXPECT_EQ(display_value("quota", bob->properties.at("quota")), "1G");
  EXPECT_EQ(display_value("quota", "1025"), "1025");
  ASSERT_TRUE(town->set_account("bob@example.test", {{"quota", ""}, {"suspended", "yes"}}));
  const auto later = *town->find_account(SmallTown::mailbox("bob@example.test"));
  EXPECT_FALSE(later->quota_bytes());
  EXPECT_TRUE(later->is_suspended());
  EXPECT_EQ(later->id, bob->id);
  ASSERT_TRUE(town->set_domain("example.test", {{"quota", "10G"}}));
  EXPECT_EQ((*town->find_domain("example.test"))->quota_bytes(), std::uint64_t{10} << 30) << "of all of a domain together";
}

TEST(Changes, AnAliasLosesItsTargetsOneByOne) {
  SmallTown town;
  town.domain("example.test").alias("all@example.test", {"b@x.example", "a@x.example"});
  town.alias("all@example.test", {"a@x.example", "c@x.example"});
  EXPECT_EQ(town.find("all@example.test"), "alias all@example.test -> a@x.example b@x.example c@x.example");
  ASSERT_TRUE(town->remove_alias("all@example.test", {"b@x.example"}));
  EXPECT_EQ(town.find("all@example.test"), "alias all@example.test -> a@x.example c@x.example");
  ASSERT_TRUE(town->remove_alias("all@example.test", {"a@x.example", "c@x.example"}));
  EXPECT_EQ(town.find("all@example.test"), "unknown") << "with its last target the alias is gone";
}

TEST(Changes, ChangingTheCaseRuleKeepsEveryAccount) {
  SmallTown town;
  town.domain("example.test").account("Bob@example.test").alias("Sales@example.test", {"Bob@example.test"});
  town.server({{"local-part-case", "sensitive"}});
  EXPECT_EQ(town.find("Bob@example.test"), "account Bob@example.test");
  EXPECT_EQ(town.find("bob@example.test"), "unknown");
  EXPECT_TRUE(town->check(false)->empty());
  town.server({{"local-part-case", "insensitive"}});
  EXPECT_EQ(town.find("bob@example.test"), "account Bob@example.test");
  EXPECT_EQ((*town->find_account(AccountId{1}))->address.to_text(), "Bob@example.test");
  EXPECT_TRUE(town->check(false)->empty());
}

TEST(Login, NamesHaveTheirOwnForms) {
  const struct {
    const char *name, *is, *reason;
  } cases[] = {
      {"bob", "bob@default.test", "A8: bare"},
      {"bob@example.test", "bob@example.test", "whole"},
      {"bob@Example.Test", "bob@example.test", "a domain has no case"},
      {"bob%example.test", "bob@example.test", "A8"},
      {"a%b%example.test", "a%b@example.test", "the last %"},
      {"a%b@example.test", "a%b@example.test", "with @, no % divides"},
      {"", "", "empty"},
      {"@example.test", "", "no user"},
      {"bob@", "", "no domain"},
      {"bob%", "", "no domain after %"},
      {"bob@exa mple", "", "not a domain"},
  };
  for (const auto& [name, is, reason] : cases) {
    const auto parsed = parse_login(name, "default.test");
    EXPECT_EQ(parsed ? parsed->local_part + '@' + parsed->domain : "", is) << reason;
  }
}

TEST(Login, NamesAreCaseSensitive) {  // A7
  SmallTown town;
  town.domain("example.test").domain("other.test").account("Bob@example.test").account("Bob@other.test");
  EXPECT_TRUE(find_login(*town, "Bob", "")->has_value());
  EXPECT_TRUE(find_login(*town, "Bob@EXAMPLE.test", "")->has_value());
  EXPECT_FALSE(find_login(*town, "bob@example.test", "")->has_value());
  EXPECT_EQ((*find_login(*town, "Bob", "other.test"))->address.domain, "other.test");
  EXPECT_EQ(*town->domains_with("Bob"), (std::vector<std::string>{"example.test", "other.test"}));
  EXPECT_TRUE(town->domains_with("bob")->empty());
}

TEST(Check, RepairsNothingThatIsWhole) {
  SmallTown town;
  town.domain("example.test", {{"address", "127.0.0.1"}})
      .account("bob@example.test")
      .alias("x@example.test", {"bob@example.test"});
  EXPECT_TRUE(town->check(false)->empty());
  EXPECT_TRUE(town->check(true)->empty());
  EXPECT_EQ(town.find("bob@example.test"), "account bob@example.test");
}

}  // namespace
}  // namespace tubepost::directory
