// What the policy service for quotas says (D5).
#include "deliver/quota.h"

#include <gtest/gtest.h>

#include "unit/deliver/fixture.h"

namespace tubepost::deliver {
namespace {

class Quota : public testing::Test {
protected:
  void set(const char* account, const char* key, const char* value) {
    test::Instance::must(directory_.set_account(account, {{key, value}}));
  }
  void fill(const char* address, std::size_t size) {
    const auto account = *directory_.find_account(*smtp::parse_mailbox(address));
    const auto box = *store_.open_mailbox(account->id, "INBOX");
    auto body = store_.new_body();
    test::Instance::must(body.write(std::string(size, 'x')));
    test::Instance::must(body.finish());
    std::vector<mailstore::Append> one;
    one.push_back({std::move(body), {}, clock_.now(), "", ""});
    ASSERT_TRUE(store_.append({account->id, box.id}, one));
  }
  std::string ask(const char* recipient, const char* size = "0") {
    policy::Record request;
    request.add("request", "smtpd_access_policy");
    request.add("recipient", recipient);
    request.add("size", size);
    return policy_.answer(request);
  }

  test::Instance instance_;
  ManualClock clock_;
  directory::Directory directory_ = instance_.directory(true);
  mailstore::MailStore store_ = instance_.store();
  log::Logger logger_{"test", log::Level::error, log::Format::logfmt, -1};
  QuotaPolicy policy_{{directory_, store_, clock_, logger_, false}};
};

TEST_F(Quota, AMailboxWithRoomAndOneWithoutAQuotaAreNoMatter) {
  set("bob@example.test", "quota", "1000");
  fill("bob@example.test", 999);
  fill("alice@example.test", 5000);
  EXPECT_EQ(ask("bob@example.test"), "dunno");
  EXPECT_EQ(ask("alice@example.test"), "dunno");
  EXPECT_EQ(ask("nobody.here@example.test"), "dunno");
  EXPECT_EQ(ask("not an address"), "dunno");
}

TEST_F(Quota, AFullMailboxIs452AndSoIsAMessageThatWouldMakeItOverfull) {
  set("bob@example.test", "quota", "1000");
  fill("bob@example.test", 900);
  EXPECT_EQ(ask("bob@example.test", "100"), "dunno");
  EXPECT_EQ(ask("bob@example.test", "101"), "452 4.2.2 The mailbox is full: 900 of 1000 bytes");
  fill("bob@example.test", 100);
  EXPECT_EQ(ask("BOB+tag@example.test"), "452 4.2.2 The mailbox is full: 1000 of 1000 bytes");
}

TEST_F(Quota, MessagesAreCountedToo) {
  set("bob@example.test", "quota-messages", "2");
  fill("bob@example.test", 1);
  EXPECT_EQ(ask("bob@example.test"), "dunno");
  fill("bob@example.test", 1);
  EXPECT_EQ(ask("bob@example.test"), "452 4.2.2 The mailbox is full: 2 of 2 messages");
}

TEST_F(Quota, ADomainHasOneForAllItsAccounts) {
  test::Instance::must(directory_.set_domain("example.test", {{"quota", "1000"}}));
  fill("alice@example.test", 600);
  EXPECT_EQ(ask("bob@example.test", "300"), "dunno");
  fill("carol@example.test", 400);
  clock_.advance(std::chrono::seconds(6));
  EXPECT_EQ(ask("bob@example.test"), "452 4.2.2 The domain is full: 1000 of 1000 bytes");
}

TEST_F(Quota, TheRefusalIsForGoodWhereSoSet) {
  set("bob@example.test", "quota-messages", "1");
  fill("bob@example.test", 1);
  QuotaPolicy strict{{directory_, store_, clock_, logger_, true}};
  policy::Record request;
  request.add("request", "smtpd_access_policy");
  request.add("recipient", "bob@example.test");
  EXPECT_EQ(strict.answer(request), "550 5.2.2 The mailbox is full: 1 of 1 messages");
}

}  // namespace
}  // namespace tubepost::deliver
