#include "relay/said.h"

#include <gtest/gtest.h>

namespace tubepost::relay {
namespace {

const std::string host = "mx.example.net[192.0.2.1]:25";

TEST(Said, IsFoundAsItWasWritten) {
  const Verdict verdict{7, Status::failed, {5, 1, 1}, 550, host, "no such user"};
  const std::string text = text_of(verdict);
  EXPECT_EQ(text, host + " said: 550 5.1.1 no such user");
  EXPECT_EQ(text_of({7, Status::failed, {5, 0, 0}, 554, host, "no"}), host + " said: 554 no");
  EXPECT_EQ(text_of({7, Status::deferred, {4, 5, 3}, 552, host, "too many"}), host + " said: 552 too many");
  EXPECT_EQ(text_of({7, Status::failed, {5, 1, 1}, 550, host, "550 5.1.1 no"}), host + " said: 550 5.1.1 no");
  const auto found = find_said(text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->host, host);
  EXPECT_EQ(found->code, 550);
  EXPECT_EQ(found->reply, "550 5.1.1 no such user");
  EXPECT_TRUE(found->is_all);
}

TEST(Said, IsFoundBehindOtherWords) {
  const std::string expired = "could not be delivered in 5d; last: " + host + " said: 451 4.7.1 greylisted";
  const auto found = find_said(expired);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->host, host);
  EXPECT_EQ(found->code, 451);
  EXPECT_FALSE(found->is_all);
  const std::string parked = why_not_tried("example.net", 3, "554 5.7.1 go away");
  EXPECT_EQ(parked, "example.net is not tried for now, it failed 3 times; last: 554 5.7.1 go away");
  EXPECT_EQ(why_not_tried("x", 1, "no answer"), "x is not tried for now, it failed once; last: no answer");
  const auto greeted = find_said(parked);
  ASSERT_TRUE(greeted);
  EXPECT_EQ(greeted->host, "");
  EXPECT_EQ(greeted->code, 554);
}

TEST(Said, IsNotWhatWeSayOurselves) {
  for (const char* text :
       {"", "no answer", " said: ", "x said: ", "x said: 55", "x said: 5500 y", "x said: 250 ok",
        "x said: abc d", "it failed 3 times; last: nobody answers", "x said: 999 y"})
    EXPECT_FALSE(find_said(text)) << text;
}

TEST(Advice, IsGivenOnRefusalsThatAreKnownWithTheAddressesTheyName) {
  const std::string listed = advice_on(
      host +
      " said: 554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org; "
      "https://www.spamhaus.org/query/ip/192.0.2.9");
  EXPECT_NE(listed.find("smarthost"), std::string::npos) << listed;
  EXPECT_NE(listed.find("https://www.spamhaus.org/query/ip/192.0.2.9"), std::string::npos) << listed;
  EXPECT_NE(advice_on("could not be delivered in 5d; last: " + host + " said: 452 4.2.2 mailbox full"), "");
  EXPECT_NE(advice_on(host + " said: 550 5.1.1 x"), "") << "the status is enough";
  EXPECT_EQ(advice_on(host + " said: 554 no"), "");
  EXPECT_NE(advice_on(host + " said: 550 rejected", EnhancedStatus{5, 1, 1}), "")
      << "the status was taken off";
  EXPECT_EQ(advice_on("given up; last: " + host + " said: 550 rejected", EnhancedStatus{5, 1, 1}), "");
  EXPECT_EQ(advice_on("nobody answers"), "");
}

TEST(Advice, OnWhatIsGivenUpSpeaksOfNoOtherTry) {
  const std::string text = "could not be delivered in 5d; last: " + host +
                           " said: 451 4.7.1 greylisted, see https://example.net/grey";
  EXPECT_NE(advice_on(text).find("tried again"), std::string::npos);
  EXPECT_EQ(advice_on(text, EnhancedStatus{5, 4, 7}, true), "https://example.net/grey");
}

}  // namespace
}  // namespace tubepost::relay
