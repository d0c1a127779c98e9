#include "auth/sasl_bearer.h"

#include <gtest/gtest.h>

namespace tubepost::auth {
namespace {

// RFC 7628 4.1.
const std::string rfc_message =
    "n,a=user@example.com,\001host=server.example.com\001port=143\001auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001";

TEST(Bearer, ReadsTheMessageOfItsRfc) {
  const auto message = parse_bearer(BearerForm::oauthbearer, rfc_message);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->user, "user@example.com");
  EXPECT_EQ(message->token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
}

TEST(Bearer, ReadsWhatItsClientWrites) {
  for (const auto form : {BearerForm::oauthbearer, BearerForm::xoauth2}) {
    BearerClient client(form, {"a,b@example.test", Password("tok-en")});
    const std::string written = *client.initial_response();
    const auto message = parse_bearer(form, written);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->user, "a,b@example.test");
    EXPECT_EQ(message->token, "tok-en");
  }
}

TEST(Bearer, RefusesMessages) {
  const struct {
    BearerForm form;
    const char *message, *why;
  } cases[] = {
      {BearerForm::oauthbearer, "", "nothing"},
      {BearerForm::oauthbearer, "n,a=u,\001\001", "no token"},
      {BearerForm::oauthbearer, "p=tls-unique,a=u,\001auth=Bearer t\001\001", "channel binding"},
      {BearerForm::oauthbearer, "n,u,\001auth=Bearer t\001\001", "no a="},
      {BearerForm::oauthbearer, "n,a=u,\001auth=Basic t\001\001", "another scheme"},
      {BearerForm::oauthbearer, "n,a=u,\001auth=Bearer t\001", "no end"},
      {BearerForm::oauthbearer, "n,a=u,\001auth=Bearer a b\001\001", "a blank in the token"},
      {BearerForm::xoauth2, "auth=Bearer t\001\001", "no user"},
      {BearerForm::xoauth2, "user=\001auth=Bearer t\001\001", "an empty user"},
  };
  for (const auto& each : cases) EXPECT_FALSE(parse_bearer(each.form, each.message)) << each.why;
}

TEST(Bearer, ARefusedTokenIsExplainedAndThenFails) {
  BearerServer server(BearerForm::oauthbearer);
  EXPECT_TRUE(std::holds_alternative<CheckToken>(server.step(rfc_message)));
  EXPECT_NE(server.token_refused().find("invalid_token"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<Refused>(server.step("\001")));
}

}  // namespace
}  // namespace tubepost::auth
