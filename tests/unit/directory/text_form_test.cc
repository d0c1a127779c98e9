#include <random>

#include "small_town.h"

namespace tubepost::directory {
namespace {

std::vector<std::string> apply(SmallTown& town, const std::string& text, bool dry_run = false) {
  auto lines = town->apply_text(text, dry_run);
  if (!lines) ADD_FAILURE() << lines.error().text << '\n' << text;
  return lines ? std::move(*lines) : std::vector<std::string>();
}
std::string refusal(SmallTown& town, const std::string& text) {
  const auto lines = town->apply_text("tubepost-directory 1\n" + text, false);
  return lines ? "nothing was refused" : lines.error().text;
}
const std::string small_text =
    "tubepost-directory 1\n"
    "server primary-domain=example.test\n"
    "domain example.test\n"
    "domain other.test address=127.0.0.1\n"
    "account \"a%20b\"@example.test suspended=yes\n"
    "account bob@example.test quota=1G\n"
    "alias sales@example.test bob@example.test\n"
    "alias sales@example.test x@remote.example\n"
    "route *.remote.example host:mx.remote.example:26\n"
    "route discard.test discard\n"
    "sender-route example.test smarthost\n";

TEST(Text, ComesBackAsItWent) {
  SmallTown town;
  EXPECT_EQ(apply(town, small_text).size(), 10U);
  EXPECT_EQ(*town->export_text(), small_text);
  EXPECT_TRUE(apply(town, small_text).empty()) << "equal already";
  EXPECT_TRUE(town->check(false)->empty());
}

TEST(Text, SaysWhatItChanges) {
  SmallTown town;
  apply(town, small_text);
  const std::string other =
      "tubepost-directory 1\n"
      "# a comment, and an empty line\n\n"
      "server primary-domain=other.test sub-address-separator=-\n"
      "domain new.test address=127.0.0.1\n"
      "domain other.test\n"
      "account bob@other.test\n"
      "alias sales@other.test bob@other.test\n"
      "route discard.test hold\n";
  const std::vector<std::string> wanted{"- alias sales@example.test bob@example.test",
                                        "- alias sales@example.test x@remote.example",
                                        "- account \"a%20b\"@example.test suspended=yes",
                                        "- account bob@example.test quota=1G",
                                        "- route *.remote.example host:mx.remote.example:26",
                                        "- sender-route example.test smarthost",
                                        "+ domain new.test address=127.0.0.1",
                                        "~ domain other.test address= (was 127.0.0.1)",
                                        "~ server primary-domain=other.test (was example.test)",
                                        "+ server sub-address-separator=-",
                                        "- domain example.test",
                                        "+ account bob@other.test",
                                        "+ alias sales@other.test bob@other.test",
                                        "~ route discard.test hold (was discard)"};
  EXPECT_EQ(apply(town, other, true), wanted);
  EXPECT_EQ(*town->export_text(), small_text) << "a dry run changes nothing";
  EXPECT_EQ(apply(town, other), wanted);
  EXPECT_EQ(town.find("bob@example.test"), "remote direct");
  EXPECT_TRUE(town->check(false)->empty());
  EXPECT_EQ(apply(town, small_text).size(), wanted.size()) << "and back again";
  EXPECT_EQ(*town->export_text(), small_text);
}

TEST(Text, IsRefusedWholeWithItsLine) {
  SmallTown town;
  apply(town, small_text);
  const struct {
    const char *text, *says, *reason;
  } cases[] = {
      {"domain a.test\naccount b@c.test\n", "line 3: c.test: no such domain", "an account without a domain"},
      {"domain a.test\nfrob x\n", "line 3: frob: not server, domain", "an unknown kind"},
      {"domain a.test\ndomain A.test\n", "line 3: domain a.test: already said in line 2", "twice"},
      {"domain a.test colour=red\n", "line 2: colour: no property", "an unknown property"},
      {"domain a.test relay\n", "line 2: relay: not key=value", "not a pair"},
      {"domain a.test\naccount b%4@a.test\n", "line 3: b%4@a.test: a broken % escape", "an escape"},
      {"domain a.test\nalias x@a.test\n", "line 3: alias: an address and one target", "no target"},
      {"domain a.test\naccount b@a.test\naccount B@a.test\n", "differ only in case", "A7"},
      {"domain a.test\naccount b@a.test\nalias B@a.test x@y.test\n", "differ only in case",
       "account and alias"},
      {"domain a.test\naccount b@a.test\nalias b@a.test x@y.test\n", "line 4: b@a.test: this is an account",
       "both"},
      {"route a.test nowhere\n", "line 2: nowhere: not a destination", "a route"},
      {"domain a.test primary=yes\ndomain b.test primary=yes\n", "line 3: server primary-domain: already",
       "two primaries"},
      {"server primary-domain=b.test\ndomain a.test\n", "b.test: no such domain",
       "a primary that is not there"},
      {"domain a.test address=127.0.0.9\ndomain b.test address=127.0.0.9\n", "bound to it already",
       "one address"},
  };
  for (const auto& [text, says, reason] : cases)
    EXPECT_NE(refusal(town, text).find(says), std::string::npos) << reason << ": " << refusal(town, text);
  EXPECT_FALSE(town->apply_text("", false)) << "an empty file must not remove everything";
  EXPECT_FALSE(town->apply_text("domain a.test\n", false)) << "nor one that was cut";
  EXPECT_FALSE(town->apply_text("tubepost-directory 2\n", false)) << "nor a newer one";
  EXPECT_EQ(*town->export_text(), small_text) << "nothing of it was done";
}

TEST(Text, ARespelledAccountKeepsItsId) {
  SmallTown town;
  town.domain("example.test").account("bob@example.test");
  const auto before = (*town->find_account(SmallTown::mailbox("bob@example.test")))->id;
  EXPECT_EQ(apply(town, "tubepost-directory 1\ndomain example.test\naccount Bob@example.test\n"),
            std::vector<std::string>{"~ account Bob@example.test (was bob@example.test)"});
  const auto after = *town->find_account(SmallTown::mailbox("bob@example.test"));
  EXPECT_EQ(after->id, before);
  EXPECT_EQ(after->address.local_part, "Bob");
}

TEST(Text, WithoutAPrimaryDomainOneIsChosen) {
  SmallTown town;
  apply(town, small_text);
  apply(town, "tubepost-directory 1\ndomain aaa.test relay=yes\ndomain example.test\ndomain first.test\n");
  EXPECT_EQ(*town->primary_domain(), "example.test") << "the one it was";
  apply(town, "tubepost-directory 1\ndomain aaa.test relay=yes\ndomain first.test\ndomain second.test\n");
  EXPECT_EQ(*town->primary_domain(), "first.test") << "or the first that is ours";
  apply(town, "tubepost-directory 1\n");
  EXPECT_FALSE(town->primary_domain());
  EXPECT_TRUE(town->check(false)->empty());
}

TEST(Text, DomainsCanExchangeTheirAddresses) {
  SmallTown town;
  town.domain("a.test", {{"address", "127.0.0.1"}}).domain("b.test", {{"address", "127.0.0.2"}});
  apply(town, "tubepost-directory 1\ndomain a.test address=127.0.0.2\ndomain b.test address=127.0.0.1\n");
  EXPECT_EQ(*town->default_domain("127.0.0.1"), "b.test");
  EXPECT_EQ(*town->default_domain("127.0.0.2"), "a.test");
}

// A directory made at random, from few names, so that things meet.
std::string random_text(std::mt19937& random) {
  const auto pick = [&](unsigned below) {
    return std::uniform_int_distribution<unsigned>(0, below - 1)(random);
  };
  const auto domain = [&] { return std::string(1, static_cast<char>('a' + pick(3))) + ".test"; };
  const std::string locals[] = {"bob", "carol", "\"d e\"", "nobody", "postmaster", "x+y", "50%", "a#b"};
  SmallTown town;
  for (const auto* name : {"a.test", "b.test", "c.test"})
    town.domain(name,
                pick(2) != 0 ? Properties{{"address", "127.0.0." + std::to_string(name[0])}} : Properties{});
  (void)town->set_server({{"primary-domain", domain()}});
  if (pick(2) != 0)
    (void)town->set_server({{"local-part-case", "sensitive"}, {"postmaster", "bob@" + domain()}});
  for (unsigned i = pick(10); i > 0; --i)
    (void)town->add_account(
        locals[pick(8)] + '@' + domain(),
        pick(2) != 0 ? Properties{{"quota", std::to_string(pick(5000) + 1)}} : Properties{});
  for (unsigned i = pick(10); i > 0; --i)
    (void)town->add_alias(locals[pick(8)] + '@' + domain(),
                          {locals[pick(8)] + '@' + domain(), "x@y.example"});
  for (unsigned i = pick(4); i > 0; --i)
    if (const auto route =
            parse_route("*." + domain(), pick(2) != 0 ? "hold" : "host:[::1]:25", pick(2) != 0);
        route)
      (void)town->add_route(*route);
  return town->export_text().value_or("");
}

TEST(Text, AnyDirectoryCanBecomeAnyOther) {
  std::mt19937 random(20261121);
  SmallTown town;
  for (int i = 0; i < 12; ++i) {
    const auto text = random_text(random);
    apply(town, text);
    EXPECT_EQ(*town->export_text(), text);
    EXPECT_TRUE(apply(town, text, true).empty());
    const auto problems = town->check(false);
    ASSERT_TRUE(problems);
    EXPECT_TRUE(problems->empty()) << problems->front();
  }
}

}  // namespace
}  // namespace tubepost::directory
