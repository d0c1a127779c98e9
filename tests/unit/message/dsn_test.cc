#include "message/dsn.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace tubepost::message {
namespace {

const Timestamp arrival(Milliseconds(1'700'000'000'000));

DsnRecipient failed(const std::string& address) {
  DsnRecipient made;
  made.address = address;
  made.status = {5, 1, 1};
  made.diagnostic = "no such user here";
  return made;
}

Dsn sample() {
  Dsn dsn;
  dsn.reporting_mta = "mx.example.test";
  dsn.to = "alice@example.test";
  dsn.message_id = "abc234";
  dsn.now = arrival + Milliseconds(5'000);
  dsn.arrival = arrival;
  dsn.recipients = {failed("gone@example.test")};
  dsn.returned = "From: alice@example.test\r\nSubject: hi\r\n\r\nsecret text\r\n";
  return dsn;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Dsn, IsWrittenLikeTheGoldenFile) {
  Dsn dsn = sample();
  dsn.envelope_id = "QQ314159";
  DsnRecipient leaf = failed("bob@remote.example");
  leaf.original = "team@example.test";
  leaf.orcpt = "rfc822;team@example.test";
  leaf.status = {5, 4, 7};
  leaf.diagnostic = "450 4.2.1 try later";
  leaf.said_by_smtp = true;
  leaf.remote_mta = "mx.remote.example";
  leaf.last_attempt = arrival + Milliseconds(4'000);
  dsn.recipients.push_back(leaf);
  const auto golden = read_file(TESTS_FOLDER "/unit/message/dsn_failed.golden");
  ASSERT_TRUE(golden);
  std::string text = write_dsn(dsn);
  std::erase(text, '\r');
  EXPECT_EQ(text, *golden);
}

// RFC 3464 2.3.5
TEST(Dsn, NamesTheOtherHostByItsNameAndItsAddressAsAComment) {
  const struct {
    const char *mta, *field;
  } cases[] = {{"mx.example.net[192.0.2.1]:25", "dns; mx.example.net (192.0.2.1)\r\n"},
               {"mx.example.net[2001:db8::1]:25", "dns; mx.example.net (2001:db8::1)\r\n"},
               {"192.0.2.1:25", "dns; [192.0.2.1]\r\n"},
               {"[2001:db8::1]:25", "dns; [IPv6:2001:db8::1]\r\n"},
               {"mx.example.net:25", "dns; mx.example.net\r\n"},
               {"unix:/run/lmtp", "X-Unix; /run/lmtp\r\n"}};
  for (const auto& [mta, field] : cases) {
    Dsn dsn = sample();
    dsn.recipients[0].diagnostic = "550 5.1.1 no";
    dsn.recipients[0].remote_mta = mta;
    EXPECT_TRUE(has(write_dsn(dsn), std::string("\r\nRemote-MTA: ") + field)) << mta;
  }
}

TEST(Dsn, HasOnlyCrlfLineEnds) {
  const std::string text = write_dsn(sample());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      EXPECT_TRUE(i > 0 && text[i - 1] == '\r') << i;
    }
  }
}

TEST(Dsn, ReturnsTheHeaderOnlyOrTheWholeMessage) {
  Dsn dsn = sample();
  EXPECT_TRUE(has(write_dsn(dsn), "Content-Type: text/rfc822-headers"));
  EXPECT_FALSE(has(write_dsn(dsn), "secret text"));
  dsn.return_full = true;
  EXPECT_TRUE(has(write_dsn(dsn), "Content-Type: message/rfc822"));
  EXPECT_TRUE(has(write_dsn(dsn), "secret text"));
  dsn.returned = {};
  EXPECT_FALSE(has(write_dsn(dsn), "message/rfc822"));
}

TEST(Dsn, ALongHeaderIsCutAtALine) {
  Dsn dsn = sample();
  std::string message;
  for (int i = 0; i < 10'000; ++i) message += "X-Filler: 0123456789\r\n";
  dsn.returned = message;
  const std::string text = write_dsn(dsn);
  EXPECT_LT(text.size(), 70U << 10);
  EXPECT_TRUE(has(text, "0123456789\r\n\r\n--tubepost-abc234--\r\n"));
}

TEST(Dsn, NothingFromOutsideCanAddAFieldOrAPart) {
  Dsn dsn = sample();
  dsn.recipients[0].address = "a\r\nAction: delivered\r\n@x";
  dsn.recipients[0].diagnostic = "no\r\n\r\n--tubepost-abc234\r\nContent-Type: text/html";
  dsn.recipients[0].orcpt = "rfc822;a+0D+0AStatus:+202.0.0";
  dsn.recipients[0].remote_mta = "mx\nFinal-Recipient: rfc822; z@z";
  dsn.envelope_id = "x\r\n\r\nFinal-Recipient: rfc822; y@y";
  dsn.to = "eve@x>\r\nBcc: all";
  const std::string text = write_dsn(dsn);
  for (const char* line : {"\nAction: delivered", "\nStatus: 2.0.0", "\nContent-Type: text/html",
                           "\nBcc:", "\nFinal-Recipient: rfc822; y", "\nFinal-Recipient: rfc822; z"})
    EXPECT_FALSE(has(text, line)) << line;
}

TEST(Dsn, TheBoundaryIsNotInTheMessage) {
  Dsn dsn = sample();
  dsn.returned = "Subject: --tubepost-abc234\r\n\r\n";
  EXPECT_TRUE(has(write_dsn(dsn), "boundary=\"tubepost-abc234=_\""));
}

TEST(Dsn, SaysEightBitOnlyWhereItIs) {
  Dsn dsn = sample();
  EXPECT_FALSE(has(write_dsn(dsn), "8bit"));
  dsn.returned =
      "Subject: gr\xc3\xbc\xc3\x9f"
      "e\r\n\r\n";
  EXPECT_TRUE(has(write_dsn(dsn), "Content-Transfer-Encoding: 8bit"));
}

TEST(Dsn, InternationalAddressesAreWrittenInTheirAsciiForm) {
  Dsn dsn = sample();
  dsn.recipients = {failed("j\xc3\xb6rg+a@example.test")};
  EXPECT_TRUE(has(write_dsn(dsn), "Final-Recipient: utf-8; j\\x{F6}rg\\x{2B}a@example.test\r\n"));
  dsn.recipients = {failed("j\xff@example.test")};
  EXPECT_TRUE(has(write_dsn(dsn), "Final-Recipient: rfc822; j?@example.test\r\n"));
}

TEST(Dsn, ALateMessageHasASubjectOfItsOwn) {
  Dsn dsn = sample();
  dsn.recipients[0].action = DsnAction::delayed;
  EXPECT_TRUE(has(write_dsn(dsn), "Subject: Delayed mail"));
  dsn.recipients[0].action = DsnAction::delivered;
  EXPECT_TRUE(has(write_dsn(dsn), "Subject: Delivery status notification"));
}

TEST(Xtext, IsDecodedAndBrokenEscapesStay) {
  EXPECT_EQ(decode_xtext("a+2Bb+3Dc"), "a+b=c");
  EXPECT_EQ(decode_xtext("a+2"), "a+2");
  EXPECT_EQ(decode_xtext("a+zz"), "a+zz");
  EXPECT_EQ(decode_xtext("+"), "+");
}

TEST(Dsn, ForASenderWithUtf8SaysItInUtf8) {
  Dsn dsn = sample();
  dsn.recipients = {failed("g\xc3\xb6ne@example.test")};
  dsn.returned = "Subject: gr\xc3\xbcn\r\n\r\nx\r\n";
  dsn.utf8 = true;
  const std::string text = write_dsn(dsn);
  EXPECT_TRUE(
      has(text, "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n"));
  EXPECT_TRUE(has(text, "Final-Recipient: utf-8; g\xc3\xb6ne@example.test\r\n"));
  EXPECT_TRUE(has(text, "Content-Type: message/global-headers\r\n"));
  dsn.return_full = true;
  EXPECT_TRUE(has(write_dsn(dsn), "Content-Type: message/global\r\n"));
}

TEST(Dsn, ForASenderWithoutUtf8StaysInAscii) {
  Dsn dsn = sample();
  dsn.recipients = {failed("g\xc3\xb6ne@example.test")};
  const std::string text = write_dsn(dsn);
  EXPECT_TRUE(has(text, "Content-Type: message/delivery-status\r\n"));
  EXPECT_TRUE(has(text, "Final-Recipient: utf-8; g\\x{F6}ne@example.test\r\n"));
  EXPECT_TRUE(has(text, "Content-Type: text/rfc822-headers\r\n"));
}

TEST(Dsn, WithoutAnythingInUtf8IsAsAllKnowIt) {
  Dsn dsn = sample();
  dsn.utf8 = true;
  EXPECT_TRUE(has(write_dsn(dsn), "Content-Type: message/delivery-status\r\n"));
}

}  // namespace
}  // namespace tubepost::message
