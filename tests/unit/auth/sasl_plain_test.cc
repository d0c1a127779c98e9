#include <gtest/gtest.h>

#include "auth/sasl.h"

namespace tubepost::auth {
namespace {

using namespace std::string_literals;

std::string reason_of(const SaslStep& step) {
  const auto* refused = std::get_if<Refused>(&step);
  return refused ? refused->reason : "";
}

TEST(Plain, GivesUserAndPasswordOfRfc4616) {
  auto server = make_sasl_server("PLAIN", {});
  const auto step = server->step("\0tim\0tanstaaftanstaaf"s);
  const auto& check = std::get<CheckPassword>(step);
  EXPECT_EQ(check.user, "tim");
  EXPECT_EQ(check.password.view(), "tanstaaftanstaaf");
}

TEST(Plain, AsksWithAnEmptyChallengeForAMissingInitialResponse) {
  auto server = make_sasl_server("PLAIN", {});
  EXPECT_EQ(std::get<Challenge>(server->step(std::nullopt)).text, "");
  EXPECT_TRUE(std::holds_alternative<CheckPassword>(server->step("\0a\0b"s)));
}

TEST(Plain, TakesTheSameAuthorizationIdentityAndNoOther) {
  EXPECT_TRUE(std::holds_alternative<CheckPassword>(make_sasl_server("PLAIN", {})->step("a\0a\0b"s)));
  EXPECT_NE(reason_of(make_sasl_server("PLAIN", {})->step("root\0a\0b"s)), "");
}

TEST(Plain, RefusesWhatIsNotItsForm) {
  const struct {
    std::string response, why;
  } cases[] = {
      {"", "an empty one"},
      {"\0a"s, "one NUL"},
      {"\0a\0b\0"s, "three NULs"},
      {"\0\0b"s, "no user"},
      {"\0a\0"s, "no password"},
      {"\0\xff\0b"s, "a user that is not UTF-8"},
      {'\0' + std::string(login_name_max + 1, 'a') + "\0b"s, "a user too long"},
      {"\0a\0"s + std::string(password_max + 1, 'x'), "a password too long"},
      {std::string(sasl_response_max + 1, 'x'), "a response too long"},
  };
  for (const auto& each : cases)
    EXPECT_NE(reason_of(make_sasl_server("PLAIN", {})->step(each.response)), "") << each.why;
}

TEST(Plain, TakesNamesAndPasswordsAtTheirLimits) {
  const auto response = '\0' + std::string(login_name_max, 'a') + '\0' + std::string(password_max, 'x');
  EXPECT_TRUE(std::holds_alternative<CheckPassword>(make_sasl_server("PLAIN", {})->step(response)));
}

TEST(LoginMechanism, AsksForNameAndPassword) {
  auto server = make_sasl_server("LOGIN", {});
  EXPECT_EQ(std::get<Challenge>(server->step(std::nullopt)).text, "Username:");
  EXPECT_EQ(std::get<Challenge>(server->step("tim")).text, "Password:");
  const auto step = server->step("secret");
  EXPECT_EQ(std::get<CheckPassword>(step).user, "tim");
  EXPECT_EQ(std::get<CheckPassword>(step).password.view(), "secret");
}

TEST(LoginMechanism, TakesAnInitialResponseAsTheName) {
  auto server = make_sasl_server("LOGIN", {});
  EXPECT_EQ(std::get<Challenge>(server->step("tim")).text, "Password:");
  EXPECT_TRUE(std::holds_alternative<CheckPassword>(server->step("secret")));
  EXPECT_NE(reason_of(server->step("more")), "");
}

TEST(Mechanisms, AreFoundInAnyCase) {
  EXPECT_NE(find_mechanism("scram-sha-256"), nullptr);
  EXPECT_EQ(find_mechanism("DIGEST-MD5"), nullptr);
  EXPECT_EQ(make_sasl_server("GSSAPI", {}), nullptr);
}

TEST(Clients, SatisfyTheirServers) {
  for (const char* mechanism : {"PLAIN", "LOGIN"}) {
    auto server = make_sasl_server(mechanism, {});
    auto client = make_sasl_client(mechanism, {"tim", Password("secret")});
    const auto initial = client->initial_response();
    auto step = server->step(initial ? std::optional<std::string_view>(*initial) : std::nullopt);
    while (const auto* challenge = std::get_if<Challenge>(&step))
      step = server->step(*client->answer(challenge->text));
    EXPECT_EQ(std::get<CheckPassword>(step).password.view(), "secret") << mechanism;
    EXPECT_TRUE(client->is_satisfied()) << mechanism;
  }
}

}  // namespace
}  // namespace tubepost::auth
