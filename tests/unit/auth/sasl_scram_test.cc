#include <gtest/gtest.h>

#include "auth/sasl.h"
#include "auth/scram_message.h"
#include "base/base64.h"
#include "unit/auth/steps.h"

namespace tubepost::auth {
namespace {

using namespace std::string_literals;

// RFC 7677 3.
const std::string client_nonce = "rOprNGfwEbeRWgbNEkqO", server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string client_first = "n,,n=user,r=" + client_nonce;
const std::string server_first = "r=" + client_nonce + server_nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const std::string client_final_bare = "c=biws,r=" + client_nonce + server_nonce;
const std::string client_final = client_final_bare + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const std::string server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

Result<ScramVerifier> rfc_user(const std::string&) {
  return make_scram_verifier("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

std::unique_ptr<SaslServer> rfc_server() { return make_sasl_server("SCRAM-SHA-256", {rfc_user}, server_nonce); }


TEST(ScramServer, SaysTheWordsOfRfc7677) {
  auto server = rfc_server();
  EXPECT_EQ(challenge(server->step(client_first)), server_first);
  EXPECT_EQ(challenge(server->step(client_final)), server_final);
  const auto end = server->step("");
  EXPECT_EQ(std::get<Proved>(end).user, "user");
}

TEST(ScramClient, SaysTheWordsOfRfc7677) {
  auto client = make_sasl_client("SCRAM-SHA-256", {"user", Password("pencil")}, client_nonce);
  EXPECT_EQ(client->initial_response(), client_first);
  EXPECT_EQ(*client->answer(server_first), client_final);
  EXPECT_FALSE(client->is_satisfied());
  EXPECT_EQ(*client->answer(server_final), "");
  EXPECT_TRUE(client->is_satisfied());
}

TEST(ScramServer, AsksWithAnEmptyChallengeForAMissingInitialResponse) {
  auto server = rfc_server();
  EXPECT_EQ(challenge(server->step(std::nullopt)), "");
  EXPECT_EQ(challenge(server->step(client_first)), server_first);
}

TEST(ScramServer, RefusesAWrongPassword) {
  auto client = make_sasl_client("SCRAM-SHA-256", {"user", Password("pencil2")}, client_nonce);
  auto server = rfc_server();
  const auto first = challenge(server->step(*client->initial_response()));
  EXPECT_TRUE(is_refused(server->step(*client->answer(first))));
  EXPECT_TRUE(is_refused(server->step("")));
}

TEST(ScramServer, IsProvedNothingBeforeItsOwnProofIsAcknowledged) {
  auto server = rfc_server();
  server->step(client_first);
  server->step(client_final);
  EXPECT_TRUE(is_refused(server->step("more")));
}

TEST(ScramServer, RefusesFirstMessages) {
  const struct {
    const char *message, *why;
  } cases[] = {
      {"", "nothing"},
      {"n,,", "no attributes"},
      {"n,n=user,r=abc", "half a header"},
      {"x,,n=user,r=abc", "an unknown flag"},
      {"p=tls-unique,,n=user,r=abc", "channel binding was not offered"},
      {"p=,,n=user,r=abc", "no binding name"},
      {"n,a=other,n=user,r=abc", "to act for another"},
      {"n,other,n=user,r=abc", "an authzid without a="},
      {"n,,m=ext,n=user,r=abc", "a mandatory extension"},
      {"n,,n=user,r=abc,m=ext", "a mandatory extension at the end"},
      {"n,,r=abc,n=user", "the wrong order"},
      {"n,,n=,r=abc", "an empty name"},
      {"n,,n=us=er,r=abc", "a bare equals sign"},
      {"n,,n=us=2cer,r=abc", "an escape in lower case"},
      {"n,,n=\xff,r=abc", "no UTF-8"},
      {"n,,n=user,r=", "an empty nonce"},
      {"n,,n=user,r=a b", "a blank in the nonce"},
      {"n,,n=user,r=abc,", "a comma at the end"},
  };
  for (const auto& each : cases) EXPECT_TRUE(is_refused(rfc_server()->step(each.message))) << each.why;
}

TEST(ScramServer, TakesFirstMessages) {
  for (const char* message : {"y,,n=user,r=abc", "n,a=user,n=user,r=abc", "n,,n=user,r=abc,x=ignored"})
    EXPECT_EQ(challenge(rfc_server()->step(message)).substr(0, 5), "r=abc") << message;
}

TEST(ScramServer, RefusesFinalMessages) {
  const std::string proof = ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                    nonce = ",r=" + client_nonce + server_nonce;
  const struct {
    std::string message, why;
  } cases[] = {
      {client_final_bare, "no proof"},
      {client_final + ",x=y", "something behind the proof"},
      {client_final + ",", "a comma behind the proof"},
      {"c=eSws" + nonce + proof, "another header than in the first message"},
      {"c=biws" + nonce + "x" + proof, "a longer nonce"},
      {"c=biws,r=" + client_nonce + proof, "only its own nonce"},
      {"c=biws" + nonce + ",p=dHzb", "a short proof"},
      {"c=biws" + nonce + ",p=====", "no base64"},
      {"c=biws" + nonce + ",m=x" + proof, "a mandatory extension"},
      {"c=biws" + nonce + ",x=y" + proof, "an extension that the proof does not cover"},
  };
  for (const auto& each : cases) {
    auto server = rfc_server();
    server->step(client_first);
    EXPECT_TRUE(is_refused(server->step(each.message))) << each.why;
  }
}

TEST(ScramServer, HandsOnThatTheUserCannotBeKnownNow) {
  auto server = make_sasl_server("SCRAM-SHA-256", {[](const std::string&) -> Result<ScramVerifier> {
    return Failure::temporary("the disk is on fire");
  }});
  const auto step = server->step(client_first);
  EXPECT_TRUE(std::get<Refused>(step).temporary);
}

TEST(ScramServer, MakesANewNonceEachTime) {
  auto one = make_sasl_server("SCRAM-SHA-256", {rfc_user}), two = make_sasl_server("SCRAM-SHA-256", {rfc_user});
  EXPECT_NE(challenge(one->step(client_first)), challenge(two->step(client_first)));
}

TEST(ScramClient, BelievesNoServerThatDoesNotKnowThePassword) {
  const char* answers[] = {"v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "e=other-error", "v=", ""};
  for (const char* answer : answers) {
    auto client = make_sasl_client("SCRAM-SHA-256", {"user", Password("pencil")}, client_nonce);
    client->initial_response();
    ASSERT_TRUE(client->answer(server_first));
    EXPECT_FALSE(client->answer(answer)) << answer;
    EXPECT_FALSE(client->is_satisfied());
  }
}

TEST(ScramClient, RefusesFirstMessagesOfAServer) {
  const std::string full = "r=" + client_nonce + server_nonce;
  for (const auto& message :
       {"r=foreign,s=W22Z,i=4096"s, "r=" + client_nonce + ",s=W22Z,i=4096", full + ",s=W22Z,i=4095",
        full + ",s=W22Z,i=10000001", full + ",s=,i=4096", full + ",i=4096", ""s}) {
    auto client = make_sasl_client("SCRAM-SHA-256", {"user", Password("pencil")}, client_nonce);
    client->initial_response();
    EXPECT_FALSE(client->answer(message)) << message;
  }
}

TEST(ScramNames, AreEscapedAndBack) {
  EXPECT_EQ(scram::encode_name("a,b=c"), "a=2Cb=3Dc");
  EXPECT_EQ(scram::decode_name("a=2Cb=3Dc"), "a,b=c");
}

// RFC 5802 5.
TEST(ScramServer, SaysTheWordsOfRfc5802ForSha1) {
  const std::string nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
  auto server = make_sasl_server("SCRAM-SHA-1", {[](const std::string&) -> Result<ScramVerifier> {
    return make_scram_verifier("pencil", *base64_decode("QSXCR+Q6sek8bf92"), 4096, Hash::sha1);
  }}, "3rfcNHYJY1ZVvWVs7j");
  EXPECT_EQ(challenge(server->step("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")), "r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096");
  EXPECT_EQ(challenge(server->step("c=biws,r=" + nonce + ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")),
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

class ScramPlus : public testing::Test {
protected:
  // The whole exchange; the server finds `seen` where the client says it has `said`.
  SaslStep play(const std::string& said, const std::string& seen, const std::string& mechanism = "SCRAM-SHA-256-PLUS") {
    auto server = make_sasl_server(mechanism, {rfc_user}, server_nonce);
    Login login{"user", Password("pencil")};
    login.binding = {"tls-exporter", said};
    auto client = make_sasl_client(mechanism, std::move(login), client_nonce);
    auto question = server->step(*client->initial_response());
    const auto* asked = std::get_if<AskBinding>(&question);
    if (!asked) return question;
    EXPECT_EQ(asked->type, "tls-exporter");
    auto first = server->bind(seen);
    if (is_refused(first)) return first;
    auto last = server->step(*client->answer(challenge(first)));
    if (is_refused(last)) return last;
    EXPECT_TRUE(client->answer(challenge(last)).has_value());
    return server->step("");
  }
};

TEST_F(ScramPlus, ProvesTheChannelToo) { EXPECT_EQ(std::get<Proved>(play("the channel", "the channel")).user, "user"); }

TEST_F(ScramPlus, RefusesAProofOfAnotherChannel) { EXPECT_TRUE(is_refused(play("the thief's channel", "the channel"))); }

TEST_F(ScramPlus, RefusesWhereTheConnectionHasNoSuchBinding) { EXPECT_TRUE(is_refused(play("a channel", ""))); }

TEST_F(ScramPlus, DemandsABinding) {
  auto server = make_sasl_server("SCRAM-SHA-256-PLUS", {rfc_user}, server_nonce);
  EXPECT_TRUE(is_refused(server->step(client_first)));
}

TEST_F(ScramPlus, AnswersABindingOnlyWhereOneWasAskedFor) {
  auto server = make_sasl_server("SCRAM-SHA-256-PLUS", {rfc_user}, server_nonce);
  EXPECT_TRUE(is_refused(server->bind("data")));
  EXPECT_TRUE(is_refused(rfc_server()->bind("data")));
}

TEST(ScramServer, SeesThatTheOfferOfPlusWasHidden) {
  const std::string first = "y,,n=user,r=" + client_nonce;
  EXPECT_FALSE(is_refused(make_sasl_server("SCRAM-SHA-256", {rfc_user}, server_nonce)->step(first)));
  SaslLookups lookups{rfc_user};
  lookups.plus_offered = true;
  EXPECT_TRUE(is_refused(make_sasl_server("SCRAM-SHA-256", lookups, server_nonce)->step(first)));
  EXPECT_FALSE(is_refused(make_sasl_server("SCRAM-SHA-256", lookups, server_nonce)->step(client_first)));
}

}  // namespace
}  // namespace tubepost::auth
