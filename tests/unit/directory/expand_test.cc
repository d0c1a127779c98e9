#include "small_town.h"

namespace tubepost::directory {
namespace {

Expansion expand_all(SmallTown& town, const std::string& address, std::string_view sender = {}) {
  auto expansion = expand(*town, SmallTown::mailbox(address), sender);
  EXPECT_TRUE(expansion);
  return std::move(*expansion);
}
std::string leaves(const Expansion& expansion) {
  std::string text;
  for (const auto& leaf : expansion.leaves) text += (text.empty() ? "" : " ") + leaf.address.to_text();
  return text;
}

TEST(Expand, ReplacesAliasesByTheirLeavesOnce) {
  SmallTown town;
  town.domain("example.test").account("alice@example.test").account("bob@example.test");
  town.alias("both@example.test", {"alice@example.test", "bob@example.test"});
  town.alias("all@example.test",
             {"both@example.test", "bob+x@example.test", "x@remote.example", "X@remote.example"});
  const auto expansion = expand_all(town, "all@example.test");
  EXPECT_EQ(leaves(expansion), "X@remote.example bob@example.test alice@example.test x@remote.example")
      << "a mailbox gets one copy; remote local parts differ by case";
  EXPECT_TRUE(expansion.problems.empty());
  EXPECT_EQ(expansion.tree.kind, "alias");
  EXPECT_EQ(expansion.tree.children.size(), 4U);
}

TEST(Expand, SaysWhatASingleAddressIs) {
  SmallTown town;
  town.domain("example.test")
      .account("bob@example.test")
      .account("nobody@example.test")
      .route("remote.example", "hold");
  const struct {
    const char *address, *kind, *note;
  } cases[] = {{"bob@example.test", "account", ""},
               {"bob+x@example.test", "sub-address", "account bob@example.test"},
               {"who@example.test", "catch-all", "account nobody@example.test"},
               {"postmaster@example.test", "postmaster", "account bob@example.test"},
               {"x@remote.example", "remote", "hold"}};
  for (const auto& [address, kind, note] : cases) {
    const auto tree = expand_all(town, address).tree;
    EXPECT_EQ(tree.kind, kind) << address;
    EXPECT_EQ(tree.note, note) << address;
  }
  EXPECT_EQ(expand_all(town, "bob+x@example.test").leaves.front().detail, "x");
}

TEST(Expand, EndsALoop) {
  SmallTown town;
  town.domain("example.test").account("bob@example.test");
  town.alias("a@example.test", {"b@example.test"})
      .alias("b@example.test", {"a@example.test", "bob@example.test"});
  const auto expansion = expand_all(town, "a@example.test");
  EXPECT_EQ(leaves(expansion), "bob@example.test") << "who is not in the loop is reached";
  ASSERT_EQ(expansion.problems.size(), 1U);
  EXPECT_NE(expansion.problems[0].find("leads back to itself"), std::string::npos);
  EXPECT_EQ(expansion.tree.children[0].children[0].kind, "loop");
}

TEST(Expand, EndsAtItsDepth) {
  SmallTown town;
  town.domain("example.test").account("bob@example.test");
  const auto name = [](unsigned i) { return "a" + std::to_string(i) + "@example.test"; };
  for (unsigned i = 1; i < expansion_depth_max; ++i) town.alias(name(i), {name(i + 1)});
  town.alias(name(expansion_depth_max), {"bob@example.test"});
  EXPECT_EQ(leaves(expand_all(town, name(1))), "bob@example.test") << "ten aliases";
  town.alias("a0@example.test", {name(1)});
  const auto expansion = expand_all(town, "a0@example.test");
  EXPECT_EQ(leaves(expansion), "") << "eleven";
  ASSERT_EQ(expansion.problems.size(), 1U);
  // The same alias by a shorter way is followed after all.
  town.alias("a0@example.test", {name(5)});
  EXPECT_EQ(leaves(expand_all(town, "a0@example.test")), "bob@example.test");
}

TEST(Expand, IsBoundedWhereAliasesShareAliases) {
  SmallTown town;
  town.domain("example.test").account("bob@example.test");
  const auto name = [](unsigned i, char side) { return side + std::to_string(i) + "@example.test"; };
  for (unsigned i = 1; i < expansion_depth_max; ++i)
    for (const char side : {'l', 'r'}) town.alias(name(i, side), {name(i + 1, 'l'), name(i + 1, 'r')});
  for (const char side : {'l', 'r'}) town.alias(name(expansion_depth_max, side), {"bob@example.test"});
  const auto expansion = expand_all(town, "l1@example.test");
  EXPECT_EQ(leaves(expansion), "bob@example.test");
  EXPECT_TRUE(expansion.problems.empty());
}

TEST(Expand, NamesTheTargetThatIsUnknown) {
  SmallTown town;
  town.domain("example.test")
      .account("bob@example.test")
      .alias("team@example.test", {"bob@example.test", "who@example.test"});
  const auto expansion = expand_all(town, "team@example.test");
  EXPECT_EQ(leaves(expansion), "bob@example.test");
  EXPECT_EQ(expansion.problems,
            std::vector<std::string>{"who@example.test, a target of team@example.test: no such user"});
}

TEST(Expand, ChoosesRoutesBySender) {
  SmallTown town;
  town.domain("example.test").route("example.test", "smarthost", true);
  EXPECT_EQ(expand_all(town, "x@remote.example", "bob@example.test").leaves[0].route.kind,
            RouteKind::smarthost);
  EXPECT_EQ(expand_all(town, "x@remote.example").leaves[0].route.kind, RouteKind::direct);
}

TEST(AddressOf, IsWhatLeadsToTheAccountAlone) {  // A11
  SmallTown town;
  town.domain("example.test").account("bob@example.test").account("nobody@example.test");
  town.alias("robert@example.test", {"bob@example.test"}).alias("rob@example.test", {"robert@example.test"});
  town.alias("team@example.test", {"bob@example.test", "nobody@example.test"});
  town.alias("out@example.test", {"bob@example.test", "x@remote.example"});
  town.alias("loop@example.test", {"pool@example.test"}).alias("pool@example.test", {"loop@example.test"});
  const auto bob = **town->find_account(SmallTown::mailbox("bob@example.test"));
  const auto nobody = **town->find_account(SmallTown::mailbox("nobody@example.test"));
  const struct {
    const char* address;
    bool is;
    const char* reason;
  } cases[] = {{"bob@example.test", true, "its own"},
               {"BOB@example.test", true, "in other letters"},
               {"bob+x@example.test", true, "a sub-address"},
               {"robert@example.test", true, "an alias"},
               {"rob@example.test", true, "an alias of an alias"},
               {"postmaster@example.test", true, "the mail it gets as postmaster"},
               {"team@example.test", false, "shared"},
               {"out@example.test", false, "shared with somebody elsewhere"},
               {"nobody@example.test", false, "another's"},
               {"x@remote.example", false, "somebody else's domain"},
               {"loop@example.test", false, "leads nowhere"},
               {"who@example.test", false, "unknown"}};
  for (const auto& [address, is, reason] : cases)
    EXPECT_EQ(*town->is_address_of(bob, SmallTown::mailbox(address)), is) << address << ": " << reason;
  EXPECT_FALSE(*town->is_address_of(nobody, SmallTown::mailbox("anything@example.test")))
      << "what only the catch-all takes is nobody's to send as";
}

}  // namespace
}  // namespace tubepost::directory
