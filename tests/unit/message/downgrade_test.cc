#include "message/downgrade.h"

#include <gtest/gtest.h>

#include "message/eight_bit.h"

namespace tubepost::message {
namespace {

TEST(Downgrade, LeavesAsciiFieldsAsTheyAre) {
  const std::string header = "Subject: a\r\n b\r\nTo: x@example.test\r\n\r\n";
  EXPECT_EQ(downgraded_header(header), header);
}

TEST(Downgrade, MakesEncodedWordsOfTextAndAnEmptyGroupOfAddresses) {
  EXPECT_EQ(downgraded_header("Subject: gr\xc3\xbc\xc3\x9f\x65\r\nFrom: j\xc3\xb6@example.test\r\nX: y\r\n\r\n"),
            "Subject: =?utf-8?B?Z3LDvMOfZQ==?=\r\nFrom: =?utf-8?B?asO2QGV4YW1wbGUudGVzdA==?= :;\r\nX: y\r\n\r\n");
}

TEST(Downgrade, LeavesNoByteBeyondAsciiWhateverComes) {
  std::string hostile = "S\xff: \xff\xfe\r\nSubject: ";
  for (int i = 0; i < 300; ++i) hostile += i % 3 ? "\xc3\xa4" : "\x80";
  const auto result = downgraded_header(hostile + "\r\n\r\n");
  EXPECT_FALSE(has_eight_bit(result));
  for (std::size_t at = 0, end; (end = result.find("\r\n", at)) != std::string::npos; at = end + 2)
    EXPECT_LE(end - at, 78u);
}

}  // namespace
}  // namespace tubepost::message
