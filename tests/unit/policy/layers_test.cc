#include "policy/layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "base/text.h"
#include "support/fake_resolver.h"
#include "unit/directory/small_town.h"

namespace tubepost::policy {
namespace {

smtp::Mailbox address(const char* text) { return *smtp::parse_mailbox(text); }

class LayersOrder : public testing::Test {
protected:
  LayersOrder() {
    town_.domain("example.test").account("alice@example.test").account("bob@example.test");
    dns_.add_ptr("7.2.0.192.in-addr.arpa", "mx.remote.test").add("mx.remote.test", "192.0.2.7");
    dns_.add("2.0.0.127.bl.test", "127.0.0.2").add("8.2.0.192.bl.test", "127.0.0.2");
    dns_.add_ptr("8.2.0.192.in-addr.arpa", "mx8.remote.test").add("mx8.remote.test", "192.0.2.8");
    dns_.fail("9.2.0.192.in-addr.arpa", dns::Kind::servfail);
    options_.reverse = ReverseNeed::confirmed;
    options_.block_lists.lists = {*BlockList::parse("bl.test")};
  }
  LayerSession session(LayerClient client) {
    auto layers = std::make_shared<Layers>(options_, dns_, *town_, rates_, clock_, logger_);
    return {std::move(layers), std::move(client)};
  }
  static LayerClient stranger(const char* ip) { return {net::IpAddress::parse(ip), {}, false, false}; }
  // "550 5.7.1 text" or "ok", then the layers and what they said.
  static std::string text(const LayerOutcome& outcome) {
    std::string all = "ok";
    if (outcome.refusal)
      all = std::to_string(outcome.refusal->code) + ' ' + to_string(*outcome.refusal->status);
    for (const auto& decision : outcome.decisions) all += ' ' + decision.layer + '=' + decision.verdict;
    return all;
  }
  std::string rcpt(LayerSession& session, const char* sender = "x@remote.test",
                   const char* to = "bob@example.test") {
    return text(session.at_recipient(address(sender), address(to)));
  }

  directory::SmallTown town_;
  test_support::FakeResolver dns_;
  ManualClock clock_;
  log::Logger logger_{"test", log::Level::error, log::Format::logfmt, -1};
  RateLimits rates_{clock_};
  Layers::Options options_;
};

TEST_F(LayersOrder, AStrangerGoesThroughAll) {
  auto good = session(stranger("192.0.2.7"));
  EXPECT_EQ(rcpt(good), "ok rates=passed lists=passed reverse-dns=passed block-lists=passed");
  auto listed = session(stranger("192.0.2.8"));
  EXPECT_EQ(rcpt(listed), "550 5.7.1 rates=passed lists=passed reverse-dns=passed block-lists=refused");
  auto nameless = session(stranger("192.0.2.10"));
  EXPECT_EQ(rcpt(nameless), "550 5.7.25 rates=passed lists=passed reverse-dns=refused");
  auto unsure = session(stranger("192.0.2.9"));
  EXPECT_EQ(rcpt(unsure), "451 4.7.25 rates=passed lists=passed reverse-dns=deferred");
}

TEST_F(LayersOrder, WhoIsKnownSkipsWhatLooksAtTheNetworkAndNothingElse) {
  const auto ip = net::IpAddress::parse("192.0.2.8");
  for (const auto& client : {LayerClient{ip, address("alice@example.test"), false, false},
                             LayerClient{ip, {}, true, false}, LayerClient{ip, {}, false, true}}) {
    auto known = session(client);
    EXPECT_EQ(rcpt(known), "ok rates=passed lists=passed reverse-dns=skipped block-lists=skipped");
  }
  EXPECT_TRUE(dns_.queries.empty());
  ASSERT_TRUE(town_->add_rules("server", directory::RuleAction::deny, {"remote.test"}));
  auto known = session({ip, {}, true, false});
  EXPECT_EQ(rcpt(known), "550 5.7.1 rates=passed lists=refused") << "lists hold for every role";
}

TEST_F(LayersOrder, AnAllowListSavesTheMessageForItsRecipientAlone) {
  ASSERT_TRUE(town_->add_rules("bob@example.test", directory::RuleAction::allow, {"friend@remote.test"}));
  auto listed = session(stranger("192.0.2.8"));
  const auto saved = listed.at_recipient(address("friend@remote.test"), address("bob@example.test"));
  EXPECT_EQ(text(saved), "ok rates=passed lists=allowed reverse-dns=skipped block-lists=skipped");
  EXPECT_TRUE(saved.is_allowed);
  EXPECT_TRUE(dns_.queries.empty());
  EXPECT_EQ(rcpt(listed, "friend@remote.test", "alice@example.test"),
            "550 5.7.1 rates=passed lists=passed reverse-dns=passed block-lists=refused");
}

TEST_F(LayersOrder, AListThatWarnsSaysSoInTheLogOnceAConnection) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  ASSERT_TRUE(file);
  const log::Logger logger("test", log::Level::warning, log::Format::logfmt, ::fileno(file.get()));
  options_.block_lists.lists = {*BlockList::parse("bl.test;warn")};
  dns_.add("8.2.0.192.bl.test", dns::Text{"spammer"});
  const auto layers = std::make_shared<Layers>(options_, dns_, *town_, rates_, clock_, logger);
  for (const char* ip : {"192.0.2.7", "192.0.2.8"}) {
    LayerSession client(layers, stranger(ip));
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(rcpt(client), "ok rates=passed lists=passed reverse-dns=passed block-lists=passed");
  }
  std::rewind(file.get());
  const auto said = read_all(::fileno(file.get()), 10'000).value();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
  EXPECT_NE(said.find("event=dnsbl-listed zone=bl.test client=192.0.2.8 replies=127.0.0.2 reason=spammer"), said.npos) << said;
}

TEST_F(LayersOrder, WhatIsKnownOfTheClientIsLookedUpOnce) {
  auto good = session(stranger("192.0.2.7"));
  rcpt(good);
  const auto queries = dns_.queries.size();
  rcpt(good);
  EXPECT_EQ(dns_.queries.size(), queries);
}

// The reverse name, the lists and their trials; then the address of that name, and why a list has the client.
TEST_F(LayersOrder, AClientCostsTwoWaitsForTheDnsAndOneWhereNothingFollows) {
  options_.block_lists.lists.push_back(*BlockList::parse("b2.test"));
  auto listed = session(stranger("192.0.2.8"));
  EXPECT_EQ(rcpt(listed), "550 5.7.1 rates=passed lists=passed reverse-dns=passed block-lists=refused");
  EXPECT_EQ(dns_.rounds, 2u);
  EXPECT_EQ(dns_.queries.size(), 9u);
  auto nameless = session(stranger("192.0.2.10"));
  EXPECT_EQ(rcpt(nameless), "550 5.7.25 rates=passed lists=passed reverse-dns=refused");
  EXPECT_EQ(dns_.rounds, 3u);
}

TEST_F(LayersOrder, WhatOneOfBothHasRememberedIsNotAskedForAgain) {
  auto layers = std::make_shared<Layers>(options_, dns_, *town_, rates_, clock_, logger_);
  LayerSession first(layers, stranger("192.0.2.7"));
  rcpt(first);
  const auto rounds = dns_.rounds, queries = dns_.queries.size();
  LayerSession second(layers, stranger("192.0.2.7"));
  EXPECT_EQ(rcpt(second), "ok rates=passed lists=passed reverse-dns=passed block-lists=passed");
  EXPECT_EQ(dns_.rounds, rounds);
  EXPECT_EQ(dns_.queries.size(), queries);
}

TEST_F(LayersOrder, NobodyIsAskedForALayerThatIsOff) {
  options_.reverse = ReverseNeed::off;
  auto good = session(stranger("192.0.2.7"));
  EXPECT_EQ(rcpt(good), "ok rates=passed lists=passed block-lists=passed");
  EXPECT_FALSE(good.reverse());
  EXPECT_EQ(dns_.rounds, 1u);
  for (const auto& [name, type] : dns_.queries) EXPECT_TRUE(name.ends_with(".bl.test")) << name;
  dns_.queries.clear();
  options_.reverse = ReverseNeed::exists;
  options_.block_lists.lists.clear();
  auto named = session(stranger("192.0.2.7"));
  EXPECT_EQ(rcpt(named), "ok rates=passed lists=passed reverse-dns=passed");
  EXPECT_EQ(dns_.rounds, 3u);
  EXPECT_EQ(dns_.queries.size(), 2u);
}

TEST_F(LayersOrder, ACompromisedAccountIsStopped) {
  options_.hourly.account_recipients = 3;
  options_.hourly.account_messages = 2;
  LayerClient client{net::IpAddress::parse("192.0.2.8"), address("alice@example.test"), false, false};
  auto alice = session(client);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rcpt(alice).substr(0, 2), "ok");
  EXPECT_EQ(rcpt(alice), "451 4.7.1 rates=deferred");
  EXPECT_EQ(text(alice.at_message()), "ok rates=passed");
  EXPECT_EQ(text(alice.at_message()), "ok rates=passed");
  EXPECT_EQ(text(alice.at_message()), "451 4.7.1 rates=deferred");
  clock_.advance(std::chrono::hours(2));
  EXPECT_EQ(rcpt(alice).substr(0, 2), "ok");
}

TEST_F(LayersOrder, StrangersAreLimitedByAddressNetworkAndRecipient) {
  options_.reverse = ReverseNeed::off;
  options_.block_lists.lists.clear();
  options_.hourly.address_messages = 2;
  options_.hourly.network_messages = 3;
  options_.hourly.recipient_messages = 1;
  auto one = session(stranger("192.0.2.7")), two = session(stranger("192.0.2.8"));
  EXPECT_EQ(text(one.at_message()), "ok rates=passed");
  EXPECT_EQ(text(one.at_message()), "ok rates=passed");
  EXPECT_EQ(text(one.at_message()), "451 4.7.1 rates=deferred") << "the address";
  EXPECT_EQ(text(two.at_message()), "ok rates=passed");
  EXPECT_EQ(text(two.at_message()), "451 4.7.1 rates=deferred") << "the network";
  EXPECT_EQ(rcpt(one), "ok rates=passed lists=passed");
  EXPECT_EQ(rcpt(two), "451 4.7.1 rates=deferred") << "the recipient";
}

TEST_F(LayersOrder, TheInputsOfADecisionAreThere) {
  auto listed = session(stranger("192.0.2.8"));
  const auto outcome = listed.at_recipient(smtp::Mailbox(), address("bob@example.test"));
  EXPECT_EQ(outcome.rule, "S2 smtpd.dnsbl bl.test");
  EXPECT_EQ(outcome.decisions[2].inputs, "PTR 8.2.0.192.in-addr.arpa: mx8.remote.test (confirmed)");
  EXPECT_EQ(outcome.decisions[3].inputs, "bl.test: 127.0.0.2 (listed)");
}

}  // namespace
}  // namespace tubepost::policy
