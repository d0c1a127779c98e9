#include "smtp/reply_class.h"

#include <gtest/gtest.h>

#include "smtp/reply_parser.h"

namespace tubepost::smtp {
namespace {

std::string class_of(const std::string& line) {
  ReplyParser parser;
  EXPECT_TRUE(parser.take(line)) << line;
  const Reply reply = std::move(parser).reply();
  return std::string(to_text(explain_reply(reply.code, reply.status, reply.lines.front()).reply_class));
}

TEST(ReplyClass, IsToldFromRepliesOfRealServers) {
  struct Case {
    const char *line, *expected;
  };
  const Case cases[] = {
      {"450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", "no-reverse-name"},
      {"550-5.7.25 [192.0.2.1] The IP address sending this message does not have a PTR record",
       "no-reverse-name"},
      {"499 your address has no name", "no-reverse-name"},
      {"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
       "block-listed"},
      {"550 5.7.1 Our system has detected that your IP is listed in a block list", "block-listed"},
      {"554 5.7.1 Dynamic addresses are not accepted; use your provider's relay", "dynamic-address"},
      {"550 5.7.1 The IP you're using to send mail is not authorized to send email directly: residential",
       "dynamic-address"},
      {"550 5.1.1 <x@y.test>: Recipient address rejected: User unknown in virtual mailbox table",
       "unknown-user"},
      {"550 No such user here", "unknown-user"},
      {"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "unknown-user"},
      {"550 5.2.1 The email account that you tried to reach is disabled", "disabled-user"},
      {"452 4.2.2 The email account that you tried to reach is over quota", "quota"},
      {"552 5.2.2 Mailbox full", "quota"},
      {"530 5.7.0 Authentication required", "authentication-missing"},
      {"530 5.7.0 Must issue a STARTTLS command first", "tls-missing"},
      {"550 5.7.23 The message was rejected because of a Sender Policy Framework violation",
       "sender-refused"},
      {"550 5.7.26 Unauthenticated email from example.test is not accepted due to domain's DMARC policy",
       "sender-refused"},
      {"552 5.3.4 Message size exceeds fixed limit", "too-large"},
      {"451 4.7.1 Greylisting in action, please come back later", "embargo"},
      {"421 4.7.0 Try again later, closing connection", "embargo"},
      {"452 too many recipients", "too-many-recipients"},
      {"452 4.3.1 Insufficient system storage", "system-full"},
      {"535 5.7.8 Error: authentication failed", "login-failed"},
      {"554-No SMTP service", "other"},
      {"554 Bad DNS PTR resource record.", "no-reverse-name"},
      {"550 5.7.606 Access denied, banned sending IP [192.0.2.1]", "block-listed"},
      {"421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address", "block-listed"},
      {"550 5.7.515 Access denied, sending domain example.test doesn't meet the required authentication level", "sender-refused"},
      {"550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "unknown-user"},
      {"554 delivery error: dd This user doesn't have a yahoo.com account", "unknown-user"},
      {"554 5.6.0 Message rejected as spam", "content-refused"},
      {"554 5.7.1 Relay access denied", "relay-denied"},
      {"550 5.7.1 a rule of ours", "policy"},
      {"554 transaction failed", "other"},
      {"250 2.0.0 listed in the queue", "other"},
  };
  for (const auto& c : cases) EXPECT_EQ(class_of(c.line), c.expected) << c.line;
}

TEST(ReplyMeaning, HasAdviceForEveryClassButOther) {
  for (int i = 1; i <= static_cast<int>(ReplyClass::policy); ++i)
    EXPECT_FALSE(to_text(static_cast<ReplyClass>(i)).empty());
  EXPECT_FALSE(explain_reply(550, EnhancedStatus{5, 1, 1}, "").advice.empty());
  EXPECT_TRUE(explain_reply(554, std::nullopt, "no").advice.empty());
}

TEST(ReplyMeaning, SaysWhetherItSpeaksOfUs) {
  EXPECT_TRUE(explain_reply(554, std::nullopt, "blocked using zen.spamhaus.org").speaks_of_us);
  EXPECT_FALSE(explain_reply(550, EnhancedStatus{5, 1, 1}, "user unknown").speaks_of_us);
}

TEST(ReplyMeaning, NamesTheAddressesOfTheReply) {
  using Links = std::vector<std::string>;
  EXPECT_EQ(links_in("see https://example.test/q?ip=192.0.2.1. Or (http://b.test/x), bye"),
            (Links{"https://example.test/q?ip=192.0.2.1", "http://b.test/x"}));
  EXPECT_EQ(links_in("http http:// https:// ftp://x"), Links{});
  EXPECT_EQ(links_in("http://a.b http://b.b http://c.b http://d.b").size(), 3u);
}

}  // namespace
}  // namespace tubepost::smtp
