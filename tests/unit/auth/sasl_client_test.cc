#include <gtest/gtest.h>

#include "auth/sasl.h"

namespace tubepost::auth {
namespace {

TEST(CramMd5Client, ProvesAsInRfc2195) {
  const auto client = make_sasl_client("cram-md5", {"tim", Password("tanstaaftanstaaf")});
  ASSERT_TRUE(client);
  EXPECT_EQ(client->initial_response(), std::nullopt);
  const auto answer = client->answer("<1896.697170952@postoffice.reston.mci.net>");
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_FALSE(client->answer("again"));
}

TEST(XOAuth2Client, SendsItsTokenAtOnce) {
  const auto client = make_sasl_client("XOAUTH2", {"user@example.test", Password("ya29.token")});
  ASSERT_TRUE(client);
  EXPECT_EQ(client->initial_response(), "user=user@example.test\1auth=Bearer ya29.token\1\1");
  const auto answer = client->answer("{\"status\":\"401\"}");
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, "");
}

}  // namespace
}  // namespace tubepost::auth
