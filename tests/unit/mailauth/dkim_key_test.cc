#include "mailauth/dkim_key.h"

#include <gtest/gtest.h>

namespace tubepost::mailauth {
namespace {

const std::string rsa_2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzsAPlyPTowt+yw/gxFw2TICxzffLSbZoLaBIu7JQ8Ol7t9"
    "KcY4f0C/yQ+DWZGUzIZI4EWJ5ppyv+Xb3cnVxwZU2Ghuhwi/eMfl9pkZhOTGdrwb7F04gOv8UE98PCb37+Eyi5E00z"
    "06ZVMfau8AqYHqS10Bm6bQlzICkw/D0UnwBPuOfY55x/WkkclqS7oGjVxw9KJ/9M5A2sprug3iv2yXhqUrmqulvYyI"
    "xQBjIMdGPlX/ixiWCyKNS24g9ZVyrZYvC8CmyZaj9+lH+sZNztLGiQ6qlYRliLdpWuDv5Iw65rvgeq6mG5sIulNfiu"
    "9ygkLh8krIvZuPri8zoWCn+DdQIDAQAB";
const std::string rsa_512 =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAOI8LiGNCp7/89Iw+9phG1AhfgJGp6mIEDm9naw1QaxrFsH8+Fsb+KzDxr"
    "6Y5xh2W+AvuTxK4UPllxlR1DIqwNkCAwEAAQ==";
const std::string bare_rsa_1024 =  // RSAPublicKey, without the frame of SubjectPublicKeyInfo
    "MIGJAoGBAOFbijnWvevHYj3jWhe3Xjw7ho0iSoDrfcf/W9Oz/hf7CCwVfDBfiMGBz87HOpNnkY1UU4bXEWA1OKLYW9"
    "dxQ6XpaTQ2XpzTH86H2jMjybxwrp1A5J65yQPO/RJjpKASNpIyp7VxtsFysQkM+WnO5qVXtE/NwZPIfJ1uTkcH6FEV"
    "AgMBAAE=";
const std::string elliptic =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7HjuEFdCiYKhXl18ovBqTSnosu0OzzIg3y6Ix47XiSQoD+GB6519k/"
    "MXF0KDtlU5k7MVgo6rwOjS5cxkw6FpRQ==";
const std::string ed25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";  // RFC 8463 A.2

TEST(DkimKey, KnowsHowStrongAKeyIs) {
  const auto key = parse_dkim_key("v=DKIM1; k=rsa; p=" + rsa_2048);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->bits, 2048);
  EXPECT_FALSE(key->testing);
  EXPECT_EQ(parse_dkim_key("p=" + rsa_512)->bits, 512);
}

TEST(DkimKey, TakesABareRsaKey) { EXPECT_EQ(parse_dkim_key("p=" + bare_rsa_1024)->bits, 1024); }

TEST(DkimKey, TakesTheEd25519KeyOfItsRfc) {
  const auto key = parse_dkim_key("v=DKIM1; k=ed25519; p=" + ed25519);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->algorithm, DkimKey::Algorithm::ed25519);
  EXPECT_EQ(key->key.size(), 32u);
}

TEST(DkimKey, TakesAKeyThatIsFolded) {
  EXPECT_EQ(parse_dkim_key("p=" + rsa_2048.substr(0, 80) + "\t " + rsa_2048.substr(80))->bits, 2048);
}

TEST(DkimKey, IsRevokedWhereItIsEmpty) {
  const auto key = parse_dkim_key("v=DKIM1; p=");
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->is_revoked());
}

TEST(DkimKey, ReadsFlagsHashesAndServices) {
  const auto key = parse_dkim_key("h=sha1:sha256; s=other ; t=y:s; p=" + rsa_2048);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->testing && key->same_domain && key->allows_sha256());
  EXPECT_FALSE(key->for_email);
  EXPECT_FALSE(parse_dkim_key("h=sha1; p=" + rsa_2048)->allows_sha256());
}

struct DkimKeyRefused {
  std::string text, why;
};
class DkimKeyRefuses : public testing::TestWithParam<DkimKeyRefused> {};
TEST_P(DkimKeyRefuses, Text) { EXPECT_FALSE(parse_dkim_key(GetParam().text)) << GetParam().why; }
INSTANTIATE_TEST_SUITE_P(
    All, DkimKeyRefuses,
    testing::Values(DkimKeyRefused{"v=DKIM1; k=rsa", "no key"}, DkimKeyRefused{"v=DKIM2; p=" + rsa_2048, "another version"},
                    DkimKeyRefused{"p=" + rsa_2048 + "; v=DKIM1", "the version stands last"},
                    DkimKeyRefused{"k=dsa; p=" + rsa_2048, "an unknown type"}, DkimKeyRefused{"p=%%%", "not base64"},
                    DkimKeyRefused{"p=AAAA", "no key at all"}, DkimKeyRefused{"p=" + elliptic, "a key of another kind"},
                    DkimKeyRefused{"k=ed25519; p=" + rsa_2048, "a key of another size"},
                    DkimKeyRefused{"p=" + rsa_2048 + "; n=" + std::string(key_text_max, 'x'), "too long"}));

}  // namespace
}  // namespace tubepost::mailauth
