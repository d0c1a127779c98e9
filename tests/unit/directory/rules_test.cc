#include "directory/rules.h"

#include "base/text.h"
#include "lmdb/environment.h"
#include "small_town.h"

namespace tubepost::directory {
namespace {

constexpr auto allow = RuleAction::allow;
constexpr auto deny = RuleAction::deny;

class Rules : public testing::Test {
protected:
  Rules() {
    town_.domain("example.test").account("alice@example.test").account("bob@example.test");
    town_.alias("info@example.test", {"bob@example.test"});
    town_.alias("all@example.test", {"bob@example.test", "alice@example.test"});
  }
  void add(const std::string& scope, RuleAction action, std::vector<std::string> entries) {
    const auto added = town_->add_rules(scope, action, entries);
    EXPECT_TRUE(added) << added.error().text;
  }
  // "client sender recipient [account]"; "-" is nobody.
  std::string decide(const std::string& words) {
    const auto parts = split_words(words);
    RuleFacts facts;
    if (parts[0] != "-") facts.client = net::IpAddress::parse(parts[0]);
    facts.sender = parts[1] == "<>" ? smtp::Mailbox() : SmallTown::mailbox(std::string(parts[1]));
    facts.recipient = SmallTown::mailbox(std::string(parts[2]));
    if (parts.size() > 3) facts.account = SmallTown::mailbox(std::string(parts[3]));
    const auto decision = town_->decide(facts);
    return decision ? decision->to_text() : decision.error().text;
  }
  SmallTown town_;
};

TEST_F(Rules, WithoutAnyNothingIsDecided) {
  EXPECT_EQ(decide("192.0.2.7 a@b.test bob@example.test"), "no rule");
}

TEST_F(Rules, EntriesAreAddressesDomainsNamesAndRanges) {
  add("server", deny,
      {"Bad@One.Test", "two.test", "192.0.2.0/24", "198.51.100.5-198.51.100.6", "2001:db8::/32", "<>"});
  add("server", deny, {"alice"});
  const struct {
    const char* facts;
    const char* decision;
  } cases[] = {
      {"- bad@one.test bob@example.test", "deny bad@one.test (sender) of server"},
      {"- BAD@ONE.TEST bob@example.test", "deny bad@one.test (sender) of server"},
      {"- good@one.test bob@example.test", "no rule"},
      {"- x@two.test bob@example.test", "deny two.test (sender) of server"},
      {"- x@deep.below.two.test bob@example.test", "deny two.test (sender) of server"},
      {"- x@nottwo.test bob@example.test", "no rule"},
      {"192.0.2.255 x@y.test bob@example.test", "deny 192.0.2.0/24 (client) of server"},
      {"192.0.3.0 x@y.test bob@example.test", "no rule"},
      {"198.51.100.4 x@y.test bob@example.test", "no rule"},
      {"198.51.100.5 x@y.test bob@example.test", "deny 198.51.100.5 (client) of server"},
      {"198.51.100.6 x@y.test bob@example.test", "deny 198.51.100.6 (client) of server"},
      {"2001:db8:1::1 x@y.test bob@example.test", "deny 2001:db8::/32 (client) of server"},
      {"- <> bob@example.test", "deny <> (sender) of server"},
      {"- x@y.test alice@example.test", "deny alice (account) of server"},
      {"- alice@elsewhere.test bob@example.test", "no rule"},
      {"- alice@example.test x@elsewhere.test alice@example.test", "deny alice (account) of server"},
  };
  for (const auto& one : cases) EXPECT_EQ(decide(one.facts), one.decision) << one.facts;
}

TEST_F(Rules, HoldForADomainInBothOfItsForms) {
  town_.domain("münchen.test").account("eve@münchen.test");
  add("münchen.test", deny, {"one.test"});
  add("eve@münchen.test", deny, {"two.test"});
  for (const std::string domain : {"münchen.test", "xn--mnchen-3ya.test"}) {
    EXPECT_EQ(decide("- x@one.test eve@" + domain), "deny one.test (sender) of münchen.test");
    EXPECT_EQ(decide("- x@two.test eve@" + domain), "deny two.test (sender) of eve@münchen.test");
  }
}

TEST_F(Rules, TheMostSpecificScopeWins) {
  add("server", deny, {"news.test"});
  EXPECT_EQ(decide("- x@news.test bob@example.test"), "deny news.test (sender) of server");
  add("example.test", allow, {"news.test"});
  EXPECT_EQ(decide("- x@news.test bob@example.test"), "allow news.test (sender) of example.test");
  add("bob@example.test", deny, {"x@news.test"});
  EXPECT_EQ(decide("- x@news.test bob@example.test"), "deny x@news.test (sender) of bob@example.test");
  EXPECT_EQ(decide("- x@news.test alice@example.test"), "allow news.test (sender) of example.test");
}

TEST_F(Rules, ALabelsAndULabelsAreTheSameDomain) {
  add("server", RuleAction::deny, {"m\u00fcnchen.example", "bad@xn--bcher-kva.example"});
  EXPECT_EQ(decide("- x@m\u00fcnchen.example bob@example.test"), "deny xn--mnchen-3ya.example (sender) of server");
  EXPECT_EQ(decide("- x@a.xn--mnchen-3ya.example bob@example.test"), "deny xn--mnchen-3ya.example (sender) of server");
  EXPECT_EQ(decide("- bad@b\u00fccher.example bob@example.test"), "deny bad@xn--bcher-kva.example (sender) of server");
  EXPECT_EQ(decide("- good@b\u00fccher.example bob@example.test"), "no rule");
}

TEST_F(Rules, AllowBeatsDenyWithinAScope) {
  add("server", deny, {"partner.test", "192.0.2.0/24"});
  add("server", allow, {"friend@partner.test", "192.0.2.128/25"});
  EXPECT_EQ(decide("- friend@partner.test bob@example.test"), "allow friend@partner.test (sender) of server");
  EXPECT_EQ(decide("192.0.2.1 friend@partner.test bob@example.test"),
            "allow friend@partner.test (sender) of server");
  EXPECT_EQ(decide("192.0.2.200 x@y.test bob@example.test"), "allow 192.0.2.128/25 (client) of server");
  EXPECT_EQ(decide("192.0.2.100 x@y.test bob@example.test"), "deny 192.0.2.0/24 (client) of server");
}

// The example of docs/policy-layers.md.
TEST_F(Rules, DecideAsTheDocumentSays) {
  add("server", deny, {"spam.example", "192.0.2.0/24"});
  add("example.test", allow, {"partner.example"});
  add("bob@example.test", deny, {"someone@partner.example"});
  EXPECT_EQ(decide("192.0.2.9 anyone@elsewhere.example alice@example.test"),
            "deny 192.0.2.0/24 (client) of server");
  EXPECT_EQ(decide("192.0.2.9 anyone@partner.example alice@example.test"),
            "allow partner.example (sender) of example.test");
  EXPECT_EQ(decide("192.0.2.9 someone@partner.example bob@example.test"),
            "deny someone@partner.example (sender) of bob@example.test");
  EXPECT_EQ(decide("203.0.113.1 x@sub.spam.example bob@example.test"),
            "deny spam.example (sender) of server");
}

TEST_F(Rules, AnAccountsListHoldsForWhatItSends) {
  add("alice@example.test", deny, {"rival.test"});
  EXPECT_EQ(decide("- alice@example.test x@rival.test alice@example.test"),
            "deny rival.test (recipient) of alice@example.test");
  EXPECT_EQ(decide("- x@rival.test alice@example.test"), "deny rival.test (sender) of alice@example.test");
  EXPECT_EQ(decide("- bob@example.test x@rival.test bob@example.test"), "no rule");
}

TEST_F(Rules, AnAccountsOwnAddressIsNotWhatItsListIsHeldAgainst) {
  add("alice@example.test", deny, {"example.test"});
  EXPECT_EQ(decide("- x@y.test alice@example.test"), "no rule");
  EXPECT_EQ(decide("- bob@example.test alice@example.test bob@example.test"),
            "deny example.test (sender) of alice@example.test");
}

TEST_F(Rules, WhoeverReceivesMayDenyWhatTheSenderAllows) {
  add("alice@example.test", allow, {"bob@example.test"});
  add("bob@example.test", deny, {"alice"});
  EXPECT_EQ(decide("- alice@example.test bob@example.test alice@example.test"),
            "deny alice@example.test (sender) of bob@example.test");
}

TEST_F(Rules, ADomainsListNamesItsAccounts) {
  add("example.test", deny, {"bob"});
  EXPECT_EQ(decide("- x@y.test bob@example.test"), "deny bob (account) of example.test");
  EXPECT_EQ(decide("- bob@example.test x@y.test bob@example.test"), "deny bob (account) of example.test");
  EXPECT_EQ(decide("- x@y.test alice@example.test"), "no rule");
}

TEST_F(Rules, TheAccountBehindAnAliasIsFound) {
  add("bob@example.test", deny, {"spam.test"});
  EXPECT_EQ(decide("- x@spam.test info@example.test"), "deny spam.test (sender) of bob@example.test");
  EXPECT_EQ(decide("- x@spam.test bob+tag@example.test"), "deny spam.test (sender) of bob@example.test");
  EXPECT_EQ(decide("- x@spam.test all@example.test"), "no rule")
      << "two accounts: neither's list decides for both";
}

TEST_F(Rules, AnEntryTakesTheNewAction) {
  EXPECT_EQ(*town_->add_rules("server", deny, {"x.test", "y.test"}), 2u);
  EXPECT_EQ(*town_->add_rules("server", deny, {"x.test"}), 0u);
  EXPECT_EQ(*town_->add_rules("server", allow, {"x.test"}), 1u);
  EXPECT_EQ(decide("- a@x.test bob@example.test"), "allow x.test (sender) of server");
  EXPECT_FALSE(town_->remove_rules("server", deny, {"x.test"})) << "it is in the other list";
  EXPECT_EQ(*town_->remove_rules("server", allow, {"x.test"}), 1u);
  EXPECT_EQ(decide("- a@x.test bob@example.test"), "no rule");
}

TEST_F(Rules, ARefusalChangesNothing) {
  EXPECT_FALSE(town_->add_rules("server", deny, {"x.test", "not an entry"}));
  EXPECT_TRUE(town_->rules()->empty());
  EXPECT_FALSE(town_->add_rules("other.test", deny, {"x.test"})) << "no such domain";
  EXPECT_FALSE(town_->add_rules("carol@example.test", deny, {"x.test"})) << "no such account";
}

TEST_F(Rules, GoWithTheirAccountAndDomain) {
  town_.domain("gone.test").account("carol@gone.test");
  add("carol@gone.test", deny, {"x.test"});
  add("gone.test", deny, {"x.test", "192.0.2.0/24"});
  ASSERT_TRUE(town_->remove_account("carol@gone.test"));
  EXPECT_EQ(town_->rules()->size(), 2u);
  ASSERT_TRUE(town_->remove_domain("gone.test"));
  EXPECT_TRUE(town_->rules()->empty());
  EXPECT_TRUE(town_->check(false)->empty());
}

TEST_F(Rules, AreFoundInEveryNestedBlock) {
  std::vector<std::string> entries;
  for (unsigned bits = 0; bits <= 32; ++bits) entries.push_back("10.0.0.1/" + std::to_string(bits));
  add("server", deny, entries);
  EXPECT_EQ(town_->rules()->size(), 33u);
  add("server", allow, {"10.0.0.0/8"});
  EXPECT_EQ(decide("10.0.0.1 a@b.test bob@example.test"), "allow 10.0.0.0/8 (client) of server");
  EXPECT_EQ(decide("11.0.0.1 a@b.test bob@example.test"), "deny 0.0.0.0/0 (client) of server");
}

TEST_F(Rules, ManyAreAddedAtOnce) {
  std::vector<std::string> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back("d" + std::to_string(i) + ".test");
  EXPECT_EQ(*town_->add_rules("server", deny, entries), 20000u);
  EXPECT_EQ(decide("- a@d777.test bob@example.test"), "deny d777.test (sender) of server");
}

TEST_F(Rules, SurviveExportAndApply) {
  add("server", deny, {"bad.test", "192.0.2.0/24", "<>", "alice", "2001:db8::1"});
  add("example.test", allow, {"good.test", "bob"});
  add("bob@example.test", deny, {"alice", "x@y.test"});
  const auto text = *town_->export_text();
  EXPECT_NE(text.find("rule server deny 192.0.2.0/24\n"), std::string::npos) << text;
  EXPECT_NE(text.find("rule bob@example.test deny alice@example.test\n"), std::string::npos) << text;
  const auto same = town_->apply_text(text, false);
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->empty());
  SmallTown other;
  ASSERT_TRUE(other->apply_text(text, false));
  EXPECT_EQ(*other->export_text(), text);
  EXPECT_EQ(*other->rules(), *town_->rules());
  auto changed = text;
  changed.replace(changed.find("deny bad.test"), 13, "allow bad.test");
  changed.erase(changed.find("rule server deny alice\n"), 23);
  const auto lines = town_->apply_text(changed, false);
  ASSERT_TRUE(lines) << lines.error().text;
  EXPECT_EQ(*lines, (std::vector<std::string>{"- rule server deny alice",
                                              "~ rule server allow bad.test (was deny)"}));
}

TEST_F(Rules, AnOlderDatabaseGetsItsTable) {
  const auto folder = town_.folder() + "/old";
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  lmdb::Environment::Options how;
  how.create = true;
  {
    auto environment = lmdb::Environment::open(folder, how);
    ASSERT_TRUE(environment);
    const auto tables = environment->open_tables(
        {"meta", "server", "domains", "bindings", "addresses", "by-age", "ids", "routes"});
    ASSERT_TRUE(tables);
    ASSERT_TRUE(environment->write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
      transaction.put((*tables)[0], "schema", "1");
      return {};
    }));
  }
  const auto opened = Directory::open(folder, {});
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_TRUE(opened->rules()->empty());
}

TEST(RuleEntry, IsNormalised) {
  const struct {
    const char* scope;
    const char* entry;
    const char* normal;  // blanks between; nullptr: refused
  } cases[] = {
      {"server", "Joe@Example.NET", "joe@example.net"},
      {"server", "Example.NET.", "example.net"},
      {"server", "M\u00fcnchen.Example", "xn--mnchen-3ya.example"},
      {"server", "Joe@m\u00fcnchen.example", "joe@xn--mnchen-3ya.example"},
      {"server", "JOE", "joe"},
      {"bob@example.test", "joe", "joe@example.test"},
      {"server", "192.0.2.77/24", "192.0.2.0/24"},
      {"server", "192.0.2.7/32", "192.0.2.7"},
      {"server", "2001:DB8::/64", "2001:db8::/64"},
      {"server", "10.0.0.0-10.255.255.255", "10.0.0.0/8"},
      {"server", "10.0.0.1-10.0.0.4", "10.0.0.1 10.0.0.2/31 10.0.0.4"},
      {"server", "0.0.0.0-255.255.255.255", "0.0.0.0/0"},
      {"server", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
      {"server", "255.255.255.255-255.255.255.255", "255.255.255.255"},
      {"server", "192.0.2.0/33", nullptr},
      {"server", "10.0.0.4-10.0.0.1", nullptr},
      {"server", "10.0.0.1-2001:db8::1", nullptr},
      {"server", "a b", nullptr},
      {"bob@example.test", "a;b", nullptr},
      {"server", "", nullptr},
      {"server", "@example.net", nullptr},
      {"server", "*.example.net", nullptr},
  };
  for (const auto& one : cases) {
    const auto normal = normal_entries(one.scope, one.entry);
    EXPECT_EQ(normal.has_value(), one.normal != nullptr) << one.entry;
    if (normal && one.normal) {
      EXPECT_EQ(join(*normal, " "), one.normal) << one.entry;
    }
  }
}

}  // namespace
}  // namespace tubepost::directory
