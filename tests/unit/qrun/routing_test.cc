#include "qrun/routing.h"

#include <gtest/gtest.h>

#include <map>

#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using directory::RouteKind;

class FakeAddresses final : public Addresses {
public:
  std::map<std::string, directory::Destination> destinations;
  std::map<std::string, directory::Account> accounts;
  std::map<std::string, directory::Expansion> expansions;
  std::map<std::string, directory::Route> routes;
  bool broken = false;
  mutable int asked = 0;

  directory::Account account(const std::string& address, bool suspended = false) {
    directory::Account made;
    made.id = 1;
    made.address = *smtp::parse_mailbox(address);
    if (suspended) made.properties["suspended"] = "yes";
    accounts[address] = made;
    destinations[address] = directory::ToAccount{made, "", "account"};
    return made;
  }
  Result<directory::Destination> find(const smtp::Mailbox& address) const override {
    ++asked;
    if (broken) return Failure::temporary("the directory is locked");
    const auto found = destinations.find(address.to_text());
    if (found != destinations.end()) return found->second;
    return directory::Destination(directory::ToRemote{});
  }
  Result<std::optional<directory::Account>> find_account(const smtp::Mailbox& address) const override {
    const auto found = accounts.find(address.to_text());
    return found == accounts.end() ? std::optional<directory::Account>() : found->second;
  }
  Result<directory::Expansion> expand(const smtp::Mailbox& address, std::string_view) const override {
    return expansions.at(address.to_text());
  }
  Result<directory::Route> route_for(const smtp::Mailbox& address, std::string_view) const override {
    const auto found = routes.find(address.domain);
    return found == routes.end() ? directory::Route() : found->second;
  }
};

class Routing : public testing::Test {
protected:
  Decision decide(const std::string& address, const std::string& original = "") {
    spool::Recipient of = recipient(address);
    of.original = original;
    return router.decide(of, "x@remote.example");
  }
  void alias(const std::string& address, const std::vector<directory::Leaf>& leaves,
             const directory::TreeNode& tree = {}) {
    addresses.destinations[address] = directory::ToAlias{address, {}, "", "alias"};
    addresses.expansions[address] = {leaves, {}, tree};
  }
  static directory::Leaf leaf(const std::string& address) {
    return {*smtp::parse_mailbox(address), {}, "", {}};
  }
  void route(const std::string& domain, RouteKind kind) {
    addresses.routes[domain] = {domain, false, kind, ""};
  }

  FakeAddresses addresses;
  Router router{addresses};
};

TEST_F(Routing, AnAccountIsDeliveredTo) {
  addresses.account("bob@example.test");
  const Decision decision = decide("bob@example.test");
  ASSERT_TRUE(std::holds_alternative<DeliverTo>(decision));
  EXPECT_EQ(std::get<DeliverTo>(decision).mailbox, "bob@example.test");
}

TEST_F(Routing, TheDetailGoesAlongToTheAccount) {
  const auto account = addresses.account("bob@example.test");
  addresses.destinations["bob+list@example.test"] = directory::ToAccount{account, "list", "sub-address"};
  const Decision decision = decide("bob+list@example.test");
  EXPECT_EQ(std::get<DeliverTo>(decision).detail, "list");
}

TEST_F(Routing, ASuspendedAccountFailsWith521) {
  addresses.account("bob@example.test", true);
  EXPECT_EQ(std::get<Refuse>(decide("bob@example.test")).status, (EnhancedStatus{5, 2, 1}));
}

TEST_F(Routing, AnUnknownUserFailsWith511) {
  addresses.destinations["nobody@example.test"] = directory::UnknownUser{};
  EXPECT_EQ(std::get<Refuse>(decide("nobody@example.test")).status, (EnhancedStatus{5, 1, 1}));
}

TEST_F(Routing, WhatIsNoAddressFailsWith513) {
  EXPECT_EQ(std::get<Refuse>(decide("no address")).status, (EnhancedStatus{5, 1, 3}));
}

TEST_F(Routing, AnAliasIsReplacedByItsLeaves) {
  alias("team@example.test", {leaf("bob@example.test"), leaf("eve@remote.example")});
  EXPECT_EQ(std::get<ExpandTo>(decide("team@example.test")).addresses,
            (std::vector<std::string>{"bob@example.test", "eve@remote.example"}));
}

TEST_F(Routing, ALeafKeepsItsDetailAsItWasWritten) {
  directory::Leaf bob = leaf("bob@example.test");
  bob.detail = "list";
  alias("team@example.test", {bob},
        {"team@example.test", "alias", "", {{"bob-list@example.test", "sub-address", "", {}}}});
  EXPECT_EQ(std::get<ExpandTo>(decide("team@example.test")).addresses,
            (std::vector<std::string>{"bob-list@example.test"}));
}

TEST_F(Routing, AnUnknownTargetBecomesARecipientThatFailsOnItsOwn) {
  alias("team@example.test", {leaf("bob@example.test")},
        {"team@example.test", "alias", "", {{"gone@example.test", "unknown", "", {}}}});
  EXPECT_EQ(std::get<ExpandTo>(decide("team@example.test")).addresses,
            (std::vector<std::string>{"bob@example.test", "gone@example.test"}));
}

TEST_F(Routing, AnAliasWithNobodyBehindItFails) {
  alias("team@example.test", {});
  EXPECT_EQ(std::get<Refuse>(decide("team@example.test")).status, (EnhancedStatus{5, 4, 6}));
}

TEST_F(Routing, ALeafThatIsAnAccountIsNotExpandedAgain) {
  addresses.account("bob@example.test");
  alias("bob@example.test", {leaf("bob@example.test"), leaf("eve@remote.example")});
  EXPECT_TRUE(std::holds_alternative<ExpandTo>(decide("bob@example.test")));
  EXPECT_TRUE(std::holds_alternative<DeliverTo>(decide("bob@example.test", "bob@example.test")));
}

TEST_F(Routing, RoutesDecideAboutOtherDomains) {
  route("discard.test", RouteKind::discard);
  route("refuse.test", RouteKind::refuse);
  route("hold.test", RouteKind::hold);
  route("host.test", RouteKind::host);
  EXPECT_TRUE(std::holds_alternative<Discard>(decide("a@discard.test")));
  EXPECT_EQ(std::get<Refuse>(decide("a@refuse.test")).status, (EnhancedStatus{5, 7, 1}));
  EXPECT_TRUE(std::holds_alternative<HoldBack>(decide("a@hold.test")));
  EXPECT_TRUE(std::holds_alternative<SendOut>(decide("a@host.test")));
  EXPECT_TRUE(std::holds_alternative<SendOut>(decide("a@anywhere.test")));
}

TEST_F(Routing, ARelayDomainIsSentOn) {
  addresses.destinations["a@relay.test"] = directory::RelayDomain{};
  EXPECT_TRUE(std::holds_alternative<SendOut>(decide("a@relay.test")));
}

TEST_F(Routing, ABrokenDirectoryIsAskedLater) {
  addresses.broken = true;
  EXPECT_TRUE(std::holds_alternative<AskLater>(decide("bob@example.test")));
}

TEST_F(Routing, OneAddressIsLookedUpOnceATurn) {
  addresses.account("bob@example.test");
  for (int i = 0; i < 5; ++i) decide("bob@example.test");
  EXPECT_EQ(addresses.asked, 1);
  router.forget();
  decide("bob@example.test");
  EXPECT_EQ(addresses.asked, 2);
}

}  // namespace
}  // namespace tubepost::qrun
