#include "auth/sasl_legacy.h"

#include <gtest/gtest.h>

#include "auth/legacy_secrets.h"
#include "unit/auth/steps.h"

namespace tubepost::auth {
namespace {

using namespace std::string_literals;

std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}
LegacyLookup gives(std::string secret) {
  return [secret](const std::string&) -> Result<std::string> { return secret; };
}
bool is_proved(const SaslStep& step) { return std::holds_alternative<Proved>(step); }

// ---- CRAM-MD5: RFC 2195 2

std::unique_ptr<SaslServer> cram_server() {
  SaslLookups lookups;
  lookups.legacy = gives(cram_md5_states("tanstaaftanstaaf"));
  lookups.hostname = "postoffice.reston.mci.net";
  return make_sasl_server("CRAM-MD5", lookups, "1896.697170952");
}

TEST(CramMd5, SaysTheWordsOfItsRfc) {
  auto server = cram_server();
  EXPECT_EQ(challenge(server->step(std::nullopt)), "<1896.697170952@postoffice.reston.mci.net>");
  EXPECT_TRUE(is_proved(server->step("tim b913a602c7eda7a495b4e6e7334d3890")));
}

TEST(CramMd5, ClientSaysTheWordsOfItsRfc) {
  auto client = make_sasl_client("CRAM-MD5", {"tim", Password("tanstaaftanstaaf")});
  EXPECT_EQ(client->initial_response(), std::nullopt);
  EXPECT_EQ(*client->answer("<1896.697170952@postoffice.reston.mci.net>"), "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_FALSE(client->answer("again"));
}

TEST(CramMd5, RefusesResponses) {
  for (const char* response : {"", "tim", "tim ", "tim b913a602c7eda7a495b4e6e7334d3891", " b913a602c7eda7a495b4e6e7334d3890",
                               "tim b913a602c7eda7a495b4e6e7334d389"}) {
    auto server = cram_server();
    server->step(std::nullopt);
    EXPECT_TRUE(is_refused(server->step(response))) << response;
  }
  EXPECT_TRUE(is_refused(cram_server()->step("tim b913a602c7eda7a495b4e6e7334d3890"))) << "an initial response";
}

TEST(CramMd5, StatesOfALongKeyAreThoseOfItsDigest) {
  const std::string key(100, 'k');
  EXPECT_EQ(hmac_md5_of_states(cram_md5_states(key), "text"), hmac_md5(key, "text"));
  EXPECT_EQ(hmac_md5_of_states(cram_md5_states("short"), std::string(200, 't')), hmac_md5("short", std::string(200, 't')));
}

// ---- APOP: RFC 1939 7

TEST(Apop, SaysTheWordsOfItsRfc) {
  SaslLookups lookups;
  lookups.legacy = gives("tanstaaf");
  const auto response = "<1896.697170952@dbc.mtview.ca.us>\0mrose\0"s + from_hex("c4c9334bac560ecc979e58001b3e22fb");
  const auto end = make_sasl_server("APOP", lookups)->step(response);
  ASSERT_TRUE(is_proved(end));
  EXPECT_EQ(std::get<Proved>(end).user, "mrose");
  for (auto broken : {response.substr(1), response + "x", response.substr(0, 40), ""s, std::string(40, '\0')})
    EXPECT_TRUE(is_refused(make_sasl_server("APOP", lookups)->step(broken)));
  EXPECT_TRUE(is_refused(make_sasl_server("APOP", lookups)->step(std::nullopt)));
}

// ---- NTLM: MS-NLMP 4.2.4

const std::string server_challenge = from_hex("0123456789abcdef");
const std::string blob = from_hex("01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00"
                                  "01000c005300650072007600650072000000000000000000");
const std::string proof = from_hex("68cd0ab851e51c96aabc927bebef6a1c");

TEST(Ntlm, HashesAsInTheExampleOfItsSpecification) {
  const auto hash = nt_hash("Password");
  ASSERT_TRUE(hash) << "OpenSSL's legacy provider is part of libssl3";
  EXPECT_EQ(*hash, from_hex("a4f49c406510bdcab6824ee7c30fd852"));
  EXPECT_EQ(ntlm_v2_proof(*hash, *utf16le("User"), *utf16le("Domain"), server_challenge, blob), proof);
}

std::string number(std::size_t value, int octets) {
  std::string text;
  for (int i = 0; i < octets; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}
std::string place(std::size_t size, std::size_t offset) { return number(size, 2) + number(size, 2) + number(offset, 4); }

std::string authenticate_message(const std::string& response) {
  const auto domain = *utf16le("Domain"), user = *utf16le("User");
  std::string message = "NTLMSSP\0"s + number(3, 4) + place(0, 64) + place(response.size(), 64) +
                        place(domain.size(), 64 + response.size()) +
                        place(user.size(), 64 + response.size() + domain.size()) + place(0, 64) + place(0, 64) + number(1, 4);
  return message + response + domain + user;
}
std::unique_ptr<SaslServer> ntlm_server() {
  SaslLookups lookups;
  lookups.legacy = gives(from_hex("a4f49c406510bdcab6824ee7c30fd852"));
  return make_sasl_server("NTLM", lookups, server_challenge);
}
const std::string negotiate = "NTLMSSP\0"s + number(1, 4) + number(0xa2088207, 4) + std::string(16, '\0');

TEST(Ntlm, TakesAVersionTwoResponse) {
  auto server = ntlm_server();
  EXPECT_EQ(challenge(server->step(std::nullopt)), "");
  EXPECT_EQ(challenge(server->step(negotiate)).substr(24, 8), server_challenge);
  const auto end = server->step(authenticate_message(proof + blob));
  ASSERT_TRUE(is_proved(end));
  EXPECT_EQ(std::get<Proved>(end).user, "User");
}

TEST(Ntlm, RefusesVersionOneAndBrokenMessages) {
  const auto good = authenticate_message(proof + blob);
  auto outside = good;
  outside[24] = '\xff';  // the response's offset
  const struct {
    std::string message;
    const char* why;
  } cases[] = {{authenticate_message(std::string(24, 'x')), "a response of version 1"},
               {authenticate_message(proof), "a proof without its blob"},
               {authenticate_message(std::string(16, 'x') + blob), "a wrong proof"},
               {good.substr(0, 63), "a header cut short"},
               {outside, "a response that lies outside"},
               {negotiate, "the first message again"},
               {"", "nothing"}};
  for (const auto& each : cases) {
    auto server = ntlm_server();
    server->step(negotiate);
    EXPECT_TRUE(is_refused(server->step(each.message))) << each.why;
  }
}

// ---- what is kept

TEST(LegacySecrets, ComeBackAsTheyWere) {
  const auto set = parse_legacy_set("apop,cram-md5,ntlm");
  ASSERT_TRUE(set);
  EXPECT_EQ(to_text(*set), "cram-md5,ntlm,apop");
  const auto made = make_legacy_secrets("pässword", *set);
  ASSERT_TRUE(made);
  const auto again = decode_legacy_secrets(encode(*made));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->password, "pässword");
  EXPECT_EQ(again->cram_md5, made->cram_md5);
  EXPECT_EQ(again->nt_hash, made->nt_hash);
  EXPECT_FALSE(parse_legacy_set("cram-md5,md4"));
  EXPECT_FALSE(decode_legacy_secrets("cram-md5=AAAA"));
}

TEST(Seal, OpensOnlyWithItsKeyAndItsContext) {
  const std::string key(32, 'k');
  auto sealed = seal(key, "the secret", "account 1");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(unseal(key, sealed, "account 1"), "the secret");
  EXPECT_EQ(unseal(key, sealed, "account 2"), std::nullopt);
  EXPECT_EQ(unseal(std::string(32, 'x'), sealed, "account 1"), std::nullopt);
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  EXPECT_EQ(unseal(key, sealed, "account 1"), std::nullopt);
  EXPECT_EQ(unseal(key, "short", "account 1"), std::nullopt);
}

}  // namespace
}  // namespace tubepost::auth
