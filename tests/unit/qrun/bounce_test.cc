#include "qrun/bounce.h"

#include <gtest/gtest.h>

#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

spool::Recipient failed(const std::string& address, std::uint32_t number = 0,
                        const std::string& notify = "") {
  spool::Recipient made = recipient(address, number);
  made.state = spool::State::failed;
  made.owed = spool::Owed::failure;
  made.status = {5, 1, 1};
  made.reason = "no such user here";
  made.notify = notify;
  return made;
}

spool::Debt debt(const std::vector<spool::Recipient>& recipients,
                 const std::string& sender = "x@remote.example") {
  const spool::Claim of = claim(recipients.front(), sender);
  return {of.id, of.envelope, recipients};
}

const std::string body = "Subject: hi\r\n\r\nsecret text\r\n";

std::optional<spool::Generated> bounce(const spool::Debt& of) {
  return make_bounce(of, body, "mx.example.test", accepted_at);
}

TEST(Bounce, GoesToTheSenderWithTheNullReversePath) {
  const auto made = bounce(debt({failed("gone@example.test")}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->envelope.reverse_path, "");
  ASSERT_EQ(made->recipients.size(), 1U);
  EXPECT_EQ(made->recipients[0].address, "x@remote.example");
  EXPECT_EQ(made->recipients[0].notify, "NEVER");
  EXPECT_NE(made->content.find("Final-Recipient: rfc822; gone@example.test\r\n"), std::string::npos);
}

TEST(Bounce, OfABounceIsNeverMade) { EXPECT_FALSE(bounce(debt({failed("gone@example.test")}, ""))); }

TEST(Bounce, OfOneRelayedHasTheOtherServersWordAndName) {
  auto relayed = failed("a@remote.test", 0, "SUCCESS");
  relayed.owed = spool::Owed::relayed;
  relayed.status = {2, 0, 0};
  relayed.reason = "mx.remote.test[192.0.2.1]:25 said: 250 taken";
  const auto made = bounce(debt({relayed}));
  ASSERT_TRUE(made);
  for (const char* line :
       {"\r\nRemote-MTA: dns; mx.remote.test (192.0.2.1)\r\n", "\r\nDiagnostic-Code: smtp; 250 taken\r\n",
        "\r\nContent-Description: Header of the message\r\n"})
    EXPECT_NE(made->content.find(line), std::string::npos) << line << made->content;
}

TEST(Bounce, IsOneForAllThatFailedInARound) {
  const auto made = bounce(debt({failed("a@example.test"), failed("b@example.test", 1)}));
  EXPECT_NE(made->content.find("rfc822; a@example.test"), std::string::npos);
  EXPECT_NE(made->content.find("rfc822; b@example.test"), std::string::npos);
}

TEST(Bounce, HasTheSameIdWheneverItIsMade) {
  EXPECT_EQ(bounce(debt({failed("a@example.test")}))->id, bounce(debt({failed("a@example.test")}))->id);
  EXPECT_NE(bounce(debt({failed("a@example.test")}))->id, bounce(debt({failed("a@example.test", 1)}))->id);
}

TEST(Bounce, IsNotMadeForThoseWhoDeclined) {
  EXPECT_FALSE(bounce(debt({failed("a@example.test", 0, "NEVER")})));
  EXPECT_FALSE(bounce(debt({failed("a@example.test", 0, "SUCCESS,DELAY")})));
  const auto one =
      bounce(debt({failed("a@example.test", 0, "NEVER"), failed("b@example.test", 1, "success,failure")}));
  EXPECT_EQ(one->content.find("a@example.test"), std::string::npos);
}

TEST(Bounce, ReturnsTheHeaderUnlessAllWasAskedFor) {
  EXPECT_EQ(bounce(debt({failed("a@example.test")}))->content.find("secret text"), std::string::npos);
  spool::Debt full = debt({failed("a@example.test")});
  auto envelope = *full.envelope;
  envelope.dsn_ret = "FULL";
  full.envelope = std::make_shared<const spool::Envelope>(envelope);
  EXPECT_NE(bounce(full)->content.find("secret text"), std::string::npos);
  EXPECT_EQ(make_bounce(full, body + std::string(200'000, 'x'), "mx.example.test", accepted_at)
                ->content.find("secret text"),
            std::string::npos);
}

TEST(Bounce, HasALineOfAdviceAlsoWhereTheLastAnswerStandsBehindOtherWords) {
  const std::string said =
      "mx.example.net[192.0.2.1]:25 said: 450 4.7.25 no reverse DNS, see https://example.net/why";
  for (const std::string& reason : {said, "could not be delivered in 5d; last: " + said}) {
    spool::Recipient refused = failed("a@example.net");
    refused.reason = reason;
    const auto made = bounce(debt({refused}));
    EXPECT_NE(made->content.find("needs a reverse name (PTR)"), std::string::npos) << made->content;
    EXPECT_NE(made->content.find("smarthost. https://example.net/why\r\n"), std::string::npos);
  }
}

TEST(Bounce, SaysWhatTimesItsSenderHadSet) {
  using namespace std::chrono_literals;
  spool::Debt of = debt({failed("gone@example.test")});
  EXPECT_EQ(bounce(of)->content.find("Deliver-By-Date"), std::string::npos);
  EXPECT_EQ(bounce(of)->content.find("Future-Release-Request"), std::string::npos);
  of.owed[0].owed = spool::Owed::delay;
  of.owed[0].status = {4, 2, 2};
  auto envelope = *of.envelope;
  envelope.not_before = accepted_at - 60s;
  envelope.deliver_by = spool::DeliverBy{accepted_at + 1s, spool::DeliverByMode::notify, false};
  of.envelope = std::make_shared<const spool::Envelope>(envelope);
  const auto early = bounce(of)->content;
  EXPECT_NE(early.find("\r\nDeliver-By-Date: Tue, 14 Nov 2023 22:13:21 +0000\r\n"), std::string::npos)
      << early;
  EXPECT_NE(early.find("\r\nFuture-Release-Request: until;2023-11-14T22:12:20.000Z\r\n"), std::string::npos);
  EXPECT_NE(early.find("\r\nStatus: 4.2.2\r\n"), std::string::npos);
  const auto late = make_bounce(of, body, "mx.example.test", accepted_at + 1s)->content;
  EXPECT_NE(late.find("\r\nStatus: 4.4.7\r\n"), std::string::npos) << "the time is up: " << late;
}

TEST(Bounce, IsMadeAlsoWhenTheMessageIsGone) {
  EXPECT_TRUE(make_bounce(debt({failed("a@example.test")}), "", "mx.example.test", accepted_at));
}

}  // namespace
}  // namespace tubepost::qrun
