#include "message/seven_bit.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

TEST(SevenBit, EncodesTextAndOtherPartsEachInItsWay) {
  const std::string message =
      "MIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n"
      "Content-Transfer-Encoding: 8bit\r\n"
      "\r\n"
      "preamble\r\n"
      "--b\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n"
      "\r\n"
      "gr\xc3\xbc\xc3\x9f\r\n"
      "--b\r\n"
      "\r\n"
      "plain\r\n"
      "--b\r\n"
      "Content-Type: application/x\r\n"
      "\r\n"
      "\xff\xfe\r\n"
      "--b--\r\n"
      "epilogue\r\n";
  const auto made = to_seven_bit(message);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(*made,
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "preamble\r\n"
            "--b\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "gr=C3=BC=C3=9F\r\n"
            "--b\r\n"
            "\r\n"
            "plain\r\n"
            "--b\r\n"
            "Content-Type: application/x\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "\r\n"
            "//4=\r\n"
            "\r\n"
            "--b--\r\n"
            "epilogue\r\n");
}

TEST(SevenBit, SaysOfAMessageWithoutMimeThatItsCharsetIsUnknown) {
  const auto made = to_seven_bit("Subject: x\r\n\r\n\xe4\r\n");
  ASSERT_TRUE(made);
  EXPECT_EQ(*made,
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E4\r\n");
}

TEST(SevenBit, LeavesSevenBitsAsTheyAre) {
  const std::string message = "Subject: x\r\n\r\n.\r\n=3D\r\n";
  EXPECT_EQ(to_seven_bit(message).value(), message);
}

TEST(SevenBit, CannotHelpAHeader) {
  EXPECT_EQ(to_seven_bit("Subject: \xe4\r\n\r\nx\r\n").error().status, (EnhancedStatus{5, 6, 3}));
}

TEST(SevenBit, ChangesNothingThatIsSigned) {
  const std::string body = "\r\n\xe4\r\n";
  EXPECT_FALSE(to_seven_bit("DKIM-Signature: v=1\r\n" + body));
  EXPECT_FALSE(to_seven_bit("Content-Type: multipart/signed; boundary=b\r\n" + body));
  EXPECT_FALSE(to_seven_bit("Content-Type: application/pkcs7-mime\r\n" + body));
}

constexpr std::string_view binary_message =
    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    "Content-Transfer-Encoding: binary\r\n\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\xc3\xbcn\r\n"
    "--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\rc\r\n--b--\r\n";

TEST(Lines, PartsThatAreNoneBecomeBase64AndTheOthersStay) {
  const auto made = in_lines(binary_message);
  ASSERT_TRUE(made);
  EXPECT_EQ(*made,
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n"
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
            "8bit\r\n\r\ngr\xc3\xbcn\r\n"
            "--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: "
            "base64\r\n\r\nYQpiDWM=\r\n\r\n--b--\r\n");
}

TEST(Lines, AMessageOfLinesStaysAsItIs) {
  const std::string plain = "Subject: x\r\n\r\ngr\xc3\xbcn\r\n";
  EXPECT_FALSE(in_lines(plain));
  EXPECT_EQ(size_in_lines(plain), plain.size());
  EXPECT_FALSE(in_lines("Content-Transfer-Encoding: binary\r\n\r\ngr\xc3\xbcn\r\n"));
}

// RFC 9051 4.3.1: whatever it says of itself.
TEST(Lines, ANulNeedsNoWordInTheHeader) {
  using namespace std::string_literals;
  const std::string message = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\na\0b\r\n"s;
  const auto made = in_lines(message);
  ASSERT_TRUE(made);
  EXPECT_EQ(*made,
            "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nYQBiDQo=\r\n");
  EXPECT_EQ(size_in_lines(message), made->size());
}

TEST(Lines, WhatIsSignedCannotBeCarriedOtherwise) {
  const auto made = in_lines("DKIM-Signature: v=1\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb\r\n");
  ASSERT_TRUE(made);
  EXPECT_NE(made->find("\r\n\r\nYQpiDQo=\r\n"), std::string::npos) << *made;
}

struct BinaryElsewhere {
  std::string message, gives;
  const char* where;
};

TEST(Lines, WhereNoEncodingHelpsThereAreLinesNevertheless) {
  using namespace std::string_literals;
  const std::string multipart =
      "Content-Type: multipart/mixed; boundary=b\r\n"
      "Content-Transfer-Encoding: binary\r\n\r\n";
  const BinaryElsewhere all[] = {
      {"Subject: a\0b\r\n\r\nx\r\n"s, "Subject: a=00b\r\n\r\nx\r\n", "a header"},
      {multipart + "a\0b\nc\rd\r\n--b\r\n\r\nx\r\n--b--\r\n"s, "a=00b\r\nc\r\nd\r\n--b\r\n\r\nx\r\n--b--\r\n",
       "before the first part"},
      {multipart + "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na\0b\r\n--b--\r\n"s,
       "quoted-printable\r\n\r\na=00b\r\n--b--\r\n", "a part that says it is encoded"},
  };
  for (const auto& [message, gives, where] : all) {
    const auto made = in_lines(message);
    ASSERT_TRUE(made) << where;
    EXPECT_TRUE(made->ends_with(gives)) << where << ": " << *made;
    EXPECT_FALSE(in_lines(*made)) << where;
  }
}

// By its size the store knows it.
TEST(Lines, AreLongerThanWhatTheyWereMadeOf) {
  const std::string message =
      "Content-Transfer-Encoding: binary" + std::string(500, ' ') + "\r\n\r\n" + std::string(1, '\0');
  EXPECT_GT(in_lines(message)->size(), message.size());
}

TEST(EightBit, IsSeenWhereverItStands) {
  for (std::size_t i = 0; i < 100; ++i) {
    std::string text(100, 'x');
    EXPECT_FALSE(has_eight_bit(text));
    text[i] = '\x80';
    EXPECT_TRUE(has_eight_bit(text)) << i;
  }
}

}  // namespace
}  // namespace tubepost::message
