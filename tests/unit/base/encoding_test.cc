#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/crc32c.h"

namespace tubepost {
namespace {

struct Pair {
  const char *plain, *encoded;
};
class Base64Test : public testing::TestWithParam<Pair> {};
TEST_P(Base64Test, IsThatOfTheRfc) {
  EXPECT_EQ(base64_encode(GetParam().plain), GetParam().encoded);
  EXPECT_EQ(base64_decode(GetParam().encoded), GetParam().plain);
}
INSTANTIATE_TEST_SUITE_P(Rfc4648Section10, Base64Test,
                         testing::Values(Pair{"", ""}, Pair{"f", "Zg=="}, Pair{"fo", "Zm8="},
                                         Pair{"foo", "Zm9v"}, Pair{"foob", "Zm9vYg=="},
                                         Pair{"fooba", "Zm9vYmE="}, Pair{"foobar", "Zm9vYmFy"}));

TEST(Base64, CarriesEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(all)), all);
  }
}

TEST(Base64, IsStrict) {
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Z", "Zm9v=", "Zg==Zg==", " Zg==", "Zg==\n", "Zm9-", "=",
        "====", "Z===", "Zh==", "Zm9="})  // the last two: bits set that no byte uses (RFC 4648 3.5)
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
}

std::string counting(int from, int step) {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(from + i * step);
  return bytes;
}

TEST(Crc32c, IsThatOfRfc3720) {  // B.4
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(counting(0, 1)), 0x46dd794eU);
  EXPECT_EQ(crc32c(counting(31, -1)), 0x113fdb5cU);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, MayBeComputedInPieces) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 7);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text)) << cut;
}

}  // namespace
}  // namespace tubepost
