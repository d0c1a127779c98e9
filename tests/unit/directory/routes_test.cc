#include "small_town.h"

namespace tubepost::directory {
namespace {

std::string route(const SmallTown& town, const std::string& recipient, const std::string& sender) {
  auto& directory = const_cast<SmallTown&>(town);
  const auto chosen = directory->route_for(SmallTown::mailbox(recipient), sender);
  return chosen ? destination_text(*chosen) : chosen.error().text;
}

TEST(Routes, TheMostSpecificPatternHolds) {
  SmallTown town;
  town.route("remote.example", "host:a.example:26").route("*.remote.example", "refuse");
  town.route("*.deep.remote.example", "hold").route("vip@remote.example", "smarthost");
  town.route("me@home.test", "host:sender.example", true).route("*.home.test", "lmtp:unix:/run/x", true);
  const struct {
    const char *recipient, *sender, *is, *reason;
  } cases[] = {
      {"x@remote.example", "", "host:a.example:26", "the domain"},
      {"VIP@Remote.Example", "", "smarthost", "the address, in any case"},
      {"x@sub.remote.example", "", "refuse", "a domain below"},
      {"x@a.b.remote.example", "", "refuse", "any depth below"},
      {"x@a.deep.remote.example", "", "hold", "the longer pattern"},
      {"x@deep.remote.example", "", "refuse", "*.domain is not the domain itself"},
      {"x@notremote.example", "", "direct", "labels are whole"},
      {"x@other.example", "me@home.test", "host:sender.example", "by sender"},
      {"x@other.example", "a@b.home.test", "lmtp:unix:/run/x", "by sender's domain"},
      {"x@remote.example", "me@home.test", "host:a.example:26", "recipient before sender"},
      {"x@other.example", "x@other.example", "direct", "nothing holds"},
  };
  for (const auto& [recipient, sender, is, reason] : cases)
    EXPECT_EQ(route(town, recipient, sender), is) << reason;
  town.route(".", "smarthost");
  EXPECT_EQ(route(town, "x@other.example", "me@home.test"), "host:sender.example")
      << "the default comes last";
  EXPECT_EQ(route(town, "x@other.example", ""), "smarthost");
  town.route(".", "hold", true);
  EXPECT_EQ(route(town, "x@other.example", ""), "smarthost") << "recipient's default before sender's";
}

TEST(Routes, OnlyAnExplicitRecipientPatternIsOursToDiscard) {
  SmallTown town;
  town.route("discard.test", "discard");
  EXPECT_EQ(town.find("x@discard.test"), "remote discard");
  EXPECT_FALSE(*town->is_hosted("discard.test"));
  const auto ours = [](const char* pattern, bool by_sender) {
    return ToRemote{{pattern, by_sender, RouteKind::discard, ""}}.is_ours_to_discard();
  };
  EXPECT_TRUE(ours("discard.test", false));
  EXPECT_FALSE(ours(".", false));
  EXPECT_FALSE(ours("discard.test", true));
  EXPECT_FALSE((ToRemote{{"x.test", false, RouteKind::hold, ""}}.is_ours_to_discard()));
}

TEST(Routes, AreCheckedOnTheWayIn) {
  const struct {
    const char *pattern, *destination;
    bool right;
    const char* reason;
  } cases[] = {
      {"example.net", "direct", true, "plain"},
      {"Example.NET.", "discard", true, "a name in any case, with its dot"},
      {"*.example.net", "hold", true, "below"},
      {".", "refuse", true, "everything"},
      {"a@example.net", "smarthost", true, "an address"},
      {"example.net", "host:mx.example.net", true, "a host"},
      {"example.net", "host:mx.example.net:2525", true, "with port"},
      {"example.net", "host:[2001:db8::1]:25", true, "IPv6"},
      {"example.net", "host:[2001:db8::1]", true, "IPv6 without port"},
      {"example.net", "lmtp:unix:/run/lmtp.sock", true, "LMTP on a socket"},
      {"example.net", "lmtp:127.0.0.1:24", true, "LMTP by TCP"},
      {"example.net", "lmtp:mx.example.net", false, "LMTP has no port of its own"},
      {"example.net", "lmtp:unix:relative", false, "a path is absolute"},
      {"example.net", "host:", false, "no host"},
      {"example.net", "host:mx.example.net:0", false, "port 0"},
      {"example.net", "host:mx.example.net:70000", false, "port too large"},
      {"example.net", "host:a b", false, "a blank"},
      {"example.net", "host:[]", false, "empty brackets"},
      {"example.net", "discard:x", false, "discard takes nothing"},
      {"example.net", "nowhere", false, "no such kind"},
      {"*", "direct", false, "* alone"},
      {"*.", "direct", false, "nothing below"},
      {"a.*.net", "direct", false, "* in the middle"},
      {"exa mple.net", "direct", false, "not a name"},
      {"", "direct", false, "empty"},
      {"@example.net", "direct", false, "no local part"},
  };
  for (const auto& [pattern, destination, right, reason] : cases)
    EXPECT_EQ(parse_route(pattern, destination, false).has_value(), right) << reason;
}

TEST(Routes, ANewOneReplacesTheOld) {
  SmallTown town;
  town.route("example.net", "hold").route("example.net", "refuse");
  ASSERT_EQ(town->routes()->size(), 1U);
  EXPECT_EQ(town.find("x@example.net"), "remote refuse");
  ASSERT_TRUE(town->remove_route("EXAMPLE.net", false));
  EXPECT_EQ(town.find("x@example.net"), "remote direct");
  EXPECT_FALSE(town->remove_route("example.net", false));
}

}  // namespace
}  // namespace tubepost::directory
