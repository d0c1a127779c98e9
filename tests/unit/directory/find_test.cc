#include <atomic>
#include <thread>

#include "small_town.h"

namespace tubepost::directory {
namespace {

struct Case {
  const char* address;
  const char* is;
  const char* reason;
};

void expect_cases(const SmallTown& town, const std::vector<Case>& cases) {
  for (const auto& [address, is, reason] : cases)
    EXPECT_EQ(town.find(address), is) << address << ": " << reason;
}

// Other servers write A-labels unless the message is SMTPUTF8, people and newer programs U-labels.
TEST(Find, KnowsADomainInBothOfItsForms) {
  SmallTown town;
  town.domain("münchen.test").domain("xn--kln-sna.test");
  town.account("bob@münchen.test").account("eve@xn--kln-sna.test");
  expect_cases(town, {{"bob@münchen.test", "account bob@münchen.test", "as it was added"},
                      {"bob@xn--mnchen-3ya.test", "account bob@münchen.test", "A-labels"},
                      {"bob@XN--mnchen-3YA.test", "account bob@münchen.test", "in capitals"},
                      {"bob@MÜNCHEN.test", "account bob@münchen.test", "capitals beyond ASCII"},
                      {"bob+x@xn--mnchen-3ya.test", "sub-address bob@münchen.test detail x", "with a detail"},
                      {"nobody@xn--mnchen-3ya.test", "unknown", "and nobody else"},
                      {"eve@xn--kln-sna.test", "account eve@xn--kln-sna.test", "as it was added"},
                      {"eve@köln.test", "account eve@xn--kln-sna.test", "U-labels"},
                      {"bob@xn--mnster-3ya.test", "remote direct", "somebody else's"}});
}

TEST(Find, FollowsItsOrderOfPrecedence) {
  SmallTown town;
  town.domain("example.test").domain("example.org").domain("backup.test", {{"relay", "yes"}});
  town.account("alice@example.test").account("bob@example.test").account("bob+lists@example.test");
  town.account("carol@example.org").account("nobody@example.org");
  town.alias("sales@example.test", {"alice@example.test", "x@remote.example"});
  town.alias("\"a b\"@example.test", {"bob@example.test"});
  expect_cases(
      town,
      {{"alice@example.test", "account alice@example.test", "an account"},
       {"ALICE@EXAMPLE.TEST", "account alice@example.test", "A7: case does not matter by default"},
       {"sales@example.test", "alias sales@example.test -> alice@example.test x@remote.example", "an alias"},
       {"\"a b\"@example.test", "alias \"a b\"@example.test -> bob@example.test", "a quoted local part"},
       {"\"alice\"@example.test", "account alice@example.test",
        "RFC 5321 4.1.2: quotes are not part of the name"},
       {"bob+x@example.test", "sub-address bob@example.test detail x", "D4"},
       {"bob+x+y@example.test", "sub-address bob@example.test detail x+y", "the first separator divides"},
       {"bob+@example.test", "sub-address bob@example.test", "an empty detail"},
       {"bob+lists@example.test", "account bob+lists@example.test", "an account goes before a sub-address"},
       {"sales+x@example.test", "sub-address sales@example.test -> alice@example.test x@remote.example",
        "of an alias"},
       {"+x@example.test", "unknown", "a detail of nobody"},
       {"dave@example.test", "unknown", "A9: no catch-all in this domain"},
       {"dave@example.org", "catch-all nobody@example.org", "D2"},
       {"dave+x@example.org", "catch-all nobody@example.org", "a sub-address of nobody known"},
       {"Archive-dave@example.org", "unknown", "D7: an archive has no catch-all"},
       {"nobody@example.org", "account nobody@example.org", "nobody itself is an account"},
       {"alice@example.org", "catch-all nobody@example.org",
        "D1: the same local part elsewhere is another address"},
       {"anyone@backup.test", "relay domain", "O10"},
       {"postmaster@backup.test", "relay domain", "its primary server has the postmaster"},
       {"x@remote.example", "remote direct", "nobody's business here"},
       {"x@sub.example.test", "remote direct", "a sub-domain is another domain"},
       {"x@[127.0.0.1]", "remote direct", "an address literal is no domain of ours"},
       {"alice", "unknown", "a bare name is no address"}});
}

TEST(Find, AlwaysHasAPostmaster) {
  SmallTown town;
  town.domain("example.test").domain("empty.test").domain("chosen.test");
  town.account("zoe@example.test").account("alice@example.test").account("bob@chosen.test");
  town.alias("postmaster@chosen.test", {"bob@chosen.test"});
  expect_cases(
      town,
      {{"postmaster@example.test", "postmaster zoe@example.test",
        "the oldest account, not the first by name"},
       {"PostMaster@example.test", "postmaster zoe@example.test", "RFC 5321 4.5.1: in any case"},
       {"postmaster", "postmaster zoe@example.test", "RFC 5321 4.5.1: without a domain, the primary one's"},
       {"postmaster@empty.test", "postmaster zoe@example.test", "a domain without accounts"},
       {"postmaster@chosen.test", "alias postmaster@chosen.test -> bob@chosen.test", "an alias is exact"},
       {"postmaster@remote.example", "remote direct", "not ours"}});
  town.server({{"postmaster", "bob@chosen.test"}});
  EXPECT_EQ(town.find("postmaster@example.test"), "postmaster bob@chosen.test");
  town.server({{"postmaster", "admin@provider.example"}});
  EXPECT_EQ(town.find("postmaster@empty.test"), "postmaster postmaster@empty.test -> admin@provider.example");
  town.server({{"postmaster", "gone@example.test"}});
  EXPECT_EQ(town.find("postmaster@empty.test"), "postmaster zoe@example.test")
      << "a postmaster who is not there";
  town.server({{"postmaster", "postmaster@empty.test"}});
  EXPECT_EQ(town.find("postmaster@empty.test"), "postmaster zoe@example.test") << "one that names itself";
}

TEST(Find, PassesASuspendedAccountByForPostmaster) {
  SmallTown town;
  town.domain("example.test").account("zoe@example.test", {{"suspended", "yes"}});
  EXPECT_EQ(town.find("postmaster@example.test"), "postmaster zoe@example.test") << "better than nobody";
  town.account("alice@example.test");
  EXPECT_EQ(town.find("postmaster@example.test"), "postmaster alice@example.test");
}

TEST(Find, HasNoPostmasterWithoutAnyAccount) {
  SmallTown town;
  EXPECT_EQ(town.find("postmaster"), "unknown");
  town.domain("example.test");
  EXPECT_EQ(town.find("postmaster@example.test"), "unknown");
}

TEST(Find, KeepsLettersApartWhereTheServerSaysSo) {
  SmallTown town;
  town.domain("example.test").account("alice@example.test").server({{"local-part-case", "sensitive"}});
  town.account("Alice@example.test");
  expect_cases(town, {{"Alice@example.test", "account Alice@example.test", "A7"},
                      {"alice@EXAMPLE.test", "account alice@example.test", "domains never have case"},
                      {"ALICE@example.test", "unknown", "a third spelling"},
                      {"POSTMASTER@example.test", "postmaster alice@example.test",
                       "RFC 5321 4.5.1: always in any case"}});
  const auto refused = town->set_server({{"local-part-case", "insensitive"}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("differ only in case"), std::string::npos) << refused.error().text;
}

TEST(Find, UsesTheSeparatorOfTheServer) {
  SmallTown town;
  town.domain("example.test").account("bob@example.test").server({{"sub-address-separator", "-"}});
  expect_cases(town, {{"bob-x@example.test", "sub-address bob@example.test detail x", "the new one"},
                      {"bob+x@example.test", "unknown", "the old one"}});
  town.server({{"sub-address-separator", "none"}});
  EXPECT_EQ(town.find("bob-x@example.test"), "unknown");
  town.server({{"sub-address-separator", ""}});
  EXPECT_EQ(town.find("bob+x@example.test"), "sub-address bob@example.test detail x")
      << "taken away: the default again";
}

TEST(Find, TakesEveryAddressThatCanBeWritten) {
  SmallTown town;
  town.domain("example.test");
  const auto found = town->find({std::string(5000, 'x'), std::string(5000, 'y')});
  ASSERT_TRUE(found) << "longer than any key: not a failure";
  EXPECT_TRUE(std::holds_alternative<ToRemote>(*found));
  const auto nul = town->find({std::string("a\0b", 3), "example.test"});
  ASSERT_TRUE(nul);
  EXPECT_TRUE(std::holds_alternative<UnknownUser>(*nul));
}

TEST(Find, SeesChangesAtOnceFromManyThreads) {
  SmallTown town;
  town.domain("example.test").account("first@example.test");
  std::atomic<bool> stop = false;
  std::atomic<unsigned> broken = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i)
    readers.emplace_back([&] {
      while (!stop)
        if (town.find("first@example.test") != "account first@example.test") ++broken;
    });
  for (int i = 0; i < 20; ++i) {
    const auto address = "user" + std::to_string(i) + "@example.test";
    EXPECT_EQ(town.find(address), "unknown");
    town.account(address);
    EXPECT_EQ(town.find(address), "account " + address);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(broken, 0U);
}

}  // namespace
}  // namespace tubepost::directory
