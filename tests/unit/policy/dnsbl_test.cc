#include "support/policy_layers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dns/system_resolver.h"
#include "policy/block_list.h"
#include "support/dns_server.h"
#include "support/fake_resolver.h"

namespace tubepost::policy {
namespace {

using test_support::BlockListsAlone;
using test_support::FakeResolver;
using DnsblKind = ListVerdict::Kind;

net::IpAddress ip(const char* text) { return *net::IpAddress::parse(text); }

TEST(BlockListSetting, IsReadAsTheContractHasIt) {
  const struct {
    const char* setting;
    const char* zone;  // nullptr: refused
    const char* action;
    int score;
    const char* listed;      // a reply that counts
    const char* not_listed;  // one that does not
  } cases[] = {
      {"zen.example.org", "zen.example.org", "reject", 0, "127.0.0.9", "127.255.255.254"},
      {"Zen.Example.org.", "zen.example.org", "reject", 0, "127.0.0.2", "192.0.2.1"},
      {"bl.test=127.0.0.2", "bl.test", "reject", 0, "127.0.0.2", "127.0.0.3"},
      {"bl.test=127.0.0.2-11;defer", "bl.test", "defer", 0, "127.0.0.11", "127.0.0.12"},
      {"bl.test=127.0.0.4-127.0.0.7, 127.0.1.0/24;warn", "bl.test", "warn", 0, "127.0.1.77", "127.0.0.8"},
      {"bl.test;score=3", "bl.test", "score", 3, "127.0.0.2", "127.255.255.255"},
      {"bl.test ; score=-2", "bl.test", "score", -2, "127.0.0.2", "10.0.0.1"},
      {"wl.test=127.0.0.0/16;allow", "wl.test", "allow", 0, "127.0.3.1", "127.1.0.0"},
      {"bl.test=127.255.255.0/24", "bl.test", "reject", 0, nullptr, "127.255.255.1"},
      {"", nullptr, "", 0, nullptr, nullptr},
      {"=127.0.0.2", nullptr, "", 0, nullptr, nullptr},
      {"bl.test=", nullptr, "", 0, nullptr, nullptr},
      {"bl.test=nonsense", nullptr, "", 0, nullptr, nullptr},
      {"bl.test=127.0.0.11-2", nullptr, "", 0, nullptr, nullptr},
      {"bl.test;drop", nullptr, "", 0, nullptr, nullptr},
      {"bl.test;score=101", nullptr, "", 0, nullptr, nullptr},
      {"bl.test;score=", nullptr, "", 0, nullptr, nullptr},
  };
  for (const auto& one : cases) {
    const auto list = BlockList::parse(one.setting);
    ASSERT_EQ(list.has_value(), one.zone != nullptr) << one.setting;
    if (!list) continue;
    EXPECT_EQ(list->zone, one.zone);
    EXPECT_EQ(to_text(list->action), one.action) << one.setting;
    EXPECT_EQ(list->score, one.score) << one.setting;
    if (one.listed) {
      EXPECT_EQ(classify(*list, ip(one.listed)), Reply::listed) << one.setting;
    }
    EXPECT_NE(classify(*list, ip(one.not_listed)), Reply::listed) << one.setting;
  }
}

class Dnsbl : public testing::Test {
protected:
  BlockListsAlone& lists(const std::vector<std::string>& settings) {
    for (const auto& setting : settings) {
      options_.lists.push_back(*BlockList::parse(setting));
      dns_.add("2.0.0.127." + options_.lists.back().zone, "127.0.0.2");
    }
    lists_.reset(new BlockListsAlone{{options_, clock_, logger_}, dns_});
    return *lists_;
  }
  std::size_t asked(const std::string& name) {
    return static_cast<std::size_t>(std::count_if(dns_.queries.begin(), dns_.queries.end(),
                                                  [&](const auto& q) { return q.first == name; }));
  }

  FakeResolver dns_;
  ManualClock clock_;
  log::Logger logger_{"test", log::Level::error, log::Format::logfmt, -1};
  BlockLists::Options options_;
  std::unique_ptr<BlockListsAlone> lists_;
};

TEST_F(Dnsbl, AListedClientIsRefusedWithTheListsReason) {
  dns_.add("7.2.0.192.bl.test", "127.0.0.2")
      .add("7.2.0.192.bl.test", dns::Text{"SBL1, see https://bl.test/\n"});
  const auto verdict = lists({"bl.test"}).check(ip("192.0.2.7"));
  EXPECT_EQ(verdict.kind, DnsblKind::reject);
  EXPECT_EQ(verdict.text, "192.0.2.7 is listed by bl.test: SBL1, see https://bl.test/\\x0A");
  ASSERT_EQ(verdict.answers.size(), 1u);
  EXPECT_EQ(verdict.answers[0].to_text(), "bl.test: 127.0.0.2 (listed), SBL1, see https://bl.test/\\x0A");
  EXPECT_EQ(lists_->check(ip("192.0.2.8")).kind, DnsblKind::none);
}

TEST_F(Dnsbl, AnIpv6ClientIsAskedForInNibbles) {
  dns_.add("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test", "127.0.0.2");
  EXPECT_EQ(lists({"bl.test"}).check(ip("2001:db8::1")).kind, DnsblKind::reject);
}

TEST_F(Dnsbl, ActionsAndScoresAreWeighed) {
  for (const char* zone : {"a.test", "b.test", "d.test", "w.test", "ok.test"})
    dns_.add(std::string("7.2.0.192.") + zone, "127.0.0.2");
  const struct {
    std::vector<std::string> settings;
    DnsblKind kind;
    int score;
    const char* zone;
  } cases[] = {
      {{"w.test;warn"}, DnsblKind::none, 0, ""},
      {{"d.test;defer", "a.test"}, DnsblKind::reject, 0, "a.test"},
      {{"a.test;score=2", "b.test;score=2"}, DnsblKind::none, 4, ""},
      {{"a.test;score=2", "b.test;score=3"}, DnsblKind::reject, 5, "b.test"},
      {{"a.test;score=5", "b.test;score=-1"}, DnsblKind::none, 4, ""},
      {{"a.test", "ok.test;allow"}, DnsblKind::allow, 0, "ok.test"},
      {{"a.test=127.0.0.3"}, DnsblKind::none, 0, ""},
      {{"not.test", "d.test;defer"}, DnsblKind::defer, 0, "d.test"},
  };
  for (const auto& one : cases) {
    options_.lists.clear();
    const auto verdict = lists(one.settings).check(ip("192.0.2.7"));
    EXPECT_EQ(verdict.kind, one.kind) << one.settings.front();
    EXPECT_EQ(verdict.score, one.score) << one.settings.front();
    EXPECT_EQ(verdict.zone, one.zone) << one.settings.front();
  }
}

TEST_F(Dnsbl, AListThatDoesNotAnswerListsNobody) {
  dns_.add("7.2.0.192.public.test", "127.255.255.254").add("7.2.0.192.parked.test", "203.0.113.1");
  dns_.fail("7.2.0.192.broken.test", dns::Kind::servfail);
  const auto verdict = lists({"public.test", "parked.test", "broken.test"}).check(ip("192.0.2.7"));
  EXPECT_EQ(verdict.kind, DnsblKind::none);
  EXPECT_EQ(verdict.answers[0].to_text(),
            "public.test: 127.255.255.254, it answers 127.255.255.254, which is no listing");
  EXPECT_NE(verdict.answers[1].error, "");
  EXPECT_EQ(verdict.answers[2].error, "the DNS servers cannot say");
}

TEST_F(Dnsbl, AListThatListsTheWorldIsNotUsedUntilItStops) {
  for (const char* client : {"7.2.0.192", "8.2.0.192", "1.0.0.127"})
    dns_.add(std::string(client) + ".world.test", "127.0.0.2");
  EXPECT_EQ(lists({"world.test"}).check(ip("192.0.2.7")).kind, DnsblKind::none) << "already at the first decision";
  EXPECT_NE(lists_->check(ip("192.0.2.8")).answers[0].error.find("world"), std::string::npos);
}

TEST_F(Dnsbl, AListThatListsTheWholeWorldOfIpv6IsNotUsedForIpv6) {
  const std::string mapped = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.world.test";
  for (const std::string& name : {"1" + mapped, "2" + mapped, std::string("7.2.0.192.world.test")})
    dns_.add(name, "127.0.0.2");
  dns_.add("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.world.test", "127.0.0.2");
  lists({"world.test"});
  EXPECT_EQ(lists_->check(ip("192.0.2.7")).kind, DnsblKind::reject) << "of IPv4 it knows";
  EXPECT_EQ(asked("1" + mapped), 0u) << "not before a client of IPv6 comes";
  const auto verdict = lists_->check(ip("2001:db8::1"));
  EXPECT_EQ(verdict.kind, DnsblKind::none);
  EXPECT_NE(verdict.answers[0].error.find("world"), std::string::npos);
  EXPECT_EQ(asked("2" + mapped), 1u);
}

TEST_F(Dnsbl, AnswersAreRemembered) {
  dns_.add("7.2.0.192.bl.test", "127.0.0.2");
  lists({"bl.test"}).check(ip("192.0.2.7"));
  EXPECT_TRUE(lists_->check(ip("192.0.2.7")).answers[0].from_cache);
  EXPECT_EQ(lists_->check(ip("192.0.2.7")).kind, DnsblKind::reject);
  EXPECT_EQ(asked("7.2.0.192.bl.test"), 2u) << "A and TXT, once";
  lists_->check(ip("192.0.2.8"));
  lists_->check(ip("192.0.2.8"));
  EXPECT_EQ(asked("8.2.0.192.bl.test"), 1u) << "that there is nothing, too";
  clock_.advance(std::chrono::minutes(5));
  lists_->check(ip("192.0.2.8"));
  EXPECT_EQ(asked("8.2.0.192.bl.test"), 2u);
}

TEST_F(Dnsbl, TheCacheIsBounded) {
  options_.cache_max = 4;
  lists({"bl.test"});
  for (int i = 1; i <= 10; ++i) lists_->check(ip(("192.0.2." + std::to_string(i)).c_str()));
  lists_->check(ip("192.0.2.1"));
  EXPECT_EQ(asked("1.2.0.192.bl.test"), 2u);
}

TEST_F(Dnsbl, OneDeadlineHoldsForAllAndASlowListDelaysNoOther) {
  test_support::DnsServer server([](const std::string& name, dns::Type type) -> std::optional<test_support::DnsMessage> {
    if (name.ends_with("slow.test")) return std::nullopt;
    test_support::DnsMessage message(name, type);
    if (type == dns::Type::a && !name.starts_with("1.0.0.127.")) message.record(name, type, std::string("\x7f\0\0\2", 4));
    if (type == dns::Type::txt) message.record(name, type, "\3why");
    return message;
  });
  auto resolver = dns::SystemResolver::create({server.address()}).value();
  options_.deadline = std::chrono::seconds(2);
  options_.lists = {*BlockList::parse("slow.test"), *BlockList::parse("fast.test;defer")};
  BlockListsAlone both{{options_, clock_, logger_}, resolver};
  const auto verdict = both.check(ip("192.0.2.7"));
  EXPECT_EQ(verdict.kind, DnsblKind::defer);
  EXPECT_EQ(verdict.answers[0].error, "no answer in time");
  EXPECT_EQ(verdict.answers[1].replies, std::vector<std::string>{"127.0.0.2"});
  EXPECT_EQ(verdict.text, "192.0.2.7 is listed by fast.test: why") << "the list that is silent has used up the deadline";
}

TEST_F(Dnsbl, ManySessionsAskAtATime) {
  dns_.add("7.2.0.192.bl.test", "127.0.0.2");
  lists({"bl.test", "b.test;warn"});
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        if (lists_->check(ip("192.0.2.7")).kind == DnsblKind::reject) ++refused;
        lists_->check(ip(("198.51.100." + std::to_string(t * 20 + i)).c_str()));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 160);
}

}  // namespace
}  // namespace tubepost::policy
