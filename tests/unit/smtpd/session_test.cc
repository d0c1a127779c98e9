// What transcripts cannot say: what stands in the spool afterwards, and dialogues that must not depend on how they are cut.
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

const std::string opening = "EHLO me\r\nMAIL FROM:<x@remote.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n";

bool ends_with_reply(const std::string& output, std::string_view reply) {
  // The reply before the farewell.
  const auto last = output.rfind("\r\n221 ");
  const auto begin = output.rfind("\r\n", last - 1);
  return output.substr(begin + 2).starts_with(reply);
}

TEST(SmtpSession, AMessageIsInTheSpoolWithItsTraceWhenItIsAcknowledged) {
  Service service;
  const auto output = service.talk(opening + "Subject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n");
  ASSERT_TRUE(ends_with_reply(output, "250 2.0.0 Ok: queued as ")) << output;
  const auto messages = service.queued();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_TRUE(messages[0].starts_with("Received: from me ([192.0.2.7])\r\n\tby mx.example.test")) << messages[0];
  EXPECT_TRUE(messages[0].ends_with("Subject: hi\r\n\r\n.dot\r\n")) << messages[0];
  EXPECT_EQ(service.last.envelope.reverse_path, "x@remote.example");
  ASSERT_EQ(service.last.recipients.size(), 1U);
  EXPECT_EQ(service.last.recipients[0].address, "bob@example.test");
  EXPECT_NE(output.find("queued as " + service.last.id.to_text()), std::string::npos);
}

TEST(SmtpSession, ARecipientGivenTwiceIsOneRecipient) {
  Service service;
  service.talk("EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<bob@EXAMPLE.test>\r\nDATA\r\nA: b\r\n\r\n.\r\nQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1U);
  EXPECT_EQ(service.last.recipients.size(), 1U);
}

// Case does not count here, so two copies would lie in one mailbox. A sub-address may be sorted elsewhere.
TEST(SmtpSession, ARecipientGivenInCapitalsAsWellIsOneRecipient) {
  Service service(Role::mx);
  const auto rcpt = [](const std::string& local) { return "RCPT TO:<" + local + "@example.test>\r\n"; };
  service.talk("EHLO me\r\nMAIL FROM:<>\r\n" + rcpt("bob") + rcpt("BOB") + rcpt("bob+x") + rcpt("Bob+x") +
               "DATA\r\nSubject: hi\r\n\r\nx\r\n.\r\nQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1u);
  ASSERT_EQ(service.last.recipients.size(), 2u);
  EXPECT_EQ(service.last.recipients[0].address, "bob@example.test");
  EXPECT_EQ(service.last.recipients[1].address, "bob+x@example.test");
}

TEST(SmtpSession, WithoutTheFinalDotNothingIsQueued) {
  Service service;
  service.talk(opening + "Subject: hi\r\n\r\nhello\r\n");
  EXPECT_TRUE(service.queued().empty());
}

TEST(SmtpSession, AMessageGoesTheSameWayHoweverItIsCut) {
  const std::string input = opening + "Subject: hi\r\n\r\nhello\r\n..\r\n.\r\nRSET\r\nQUIT\r\n";
  std::string whole;
  for (const std::size_t piece : {std::size_t{100'000}, std::size_t{1}, std::size_t{7}}) {
    Service service;
    MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, piece);
    service.serve(stream);
    const auto messages = service.queued();
    ASSERT_EQ(messages.size(), 1U) << piece;
    const auto content = messages[0].substr(messages[0].find("Subject"));
    EXPECT_EQ(content, "Subject: hi\r\n\r\nhello\r\n.\r\n") << piece;
  }
}

struct Smuggling {
  const char* end;
  const char* reason;
};

class SmugglingTest : public testing::TestWithParam<Smuggling> {};

// Each would be the end of a message for some server (CVE-2023-51764 and its kin). None is for us: the second message stays text
// of the first, which is refused for its bare line ends.
TEST_P(SmugglingTest, IsNoEndOfData) {
  Service service;
  const std::string hidden = "MAIL FROM:<evil@remote.example>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nSubject: 2\r\n\r\nx\r\n.\r\n";
  const auto output = service.talk(opening + "Subject: 1\r\n\r\nhello" + GetParam().end + hidden + "QUIT\r\n");
  EXPECT_TRUE(service.queued().empty()) << GetParam().reason;
  EXPECT_TRUE(ends_with_reply(output, "554 5.6.0 ")) << GetParam().reason << output;
}

INSTANTIATE_TEST_SUITE_P(SmtpSession, SmugglingTest,
                         testing::Values(Smuggling{"\n.\n", "LF . LF"}, Smuggling{"\n.\r\n", "LF . CRLF"},
                                         Smuggling{"\r\n.\n", "CRLF . LF"}, Smuggling{"\r.\r", "CR . CR"},
                                         Smuggling{"\r\n.\r", "CRLF . CR"}, Smuggling{"\r\n\r.\r\n", "CR . CRLF"},
                                         Smuggling{"\r\r\n.\r\r\n", "CR before CRLF"}));

TEST(SmtpSession, ALineOfTheLimitPassesAndOneMoreDoesNot) {
  Service service;
  const auto send = [&](std::size_t octets) {
    return service.talk(opening + "Subject: hi\r\n\r\n" + std::string(octets, 'x') + "\r\n.\r\nQUIT\r\n");
  };
  EXPECT_TRUE(ends_with_reply(send(1024), "250 2.0.0 "));
  EXPECT_TRUE(ends_with_reply(send(1025), "500 5.5.2 Maximum line length overflow"));
  EXPECT_EQ(service.queued().size(), 1U);
}

TEST(SmtpSession, AMessageOfTheLimitPassesAndOneOctetMoreDoesNot) {
  Service service(Role::mx, {{"smtpd.message-size-max", "65536"}});
  const auto send = [&](std::size_t octets) {
    std::string content = "Subject: hi\r\n\r\n";
    while (content.size() + 66 <= octets) content += std::string(64, 'x') + "\r\n";
    content += std::string(octets - content.size() - 2, 'y') + "\r\n";
    return service.talk(opening + content + ".\r\nQUIT\r\n");
  };
  EXPECT_TRUE(ends_with_reply(send(65536), "250 2.0.0 "));
  EXPECT_TRUE(ends_with_reply(send(65537), "552 5.3.4 "));
  EXPECT_EQ(service.queued().size(), 1U);
}

TEST(SmtpSession, OneRecipientTooManyIsForAnotherTransaction) {
  Service service(Role::mx, {{"smtpd.recipients-max", "100"}});
  std::string input = "EHLO me\r\nMAIL FROM:<>\r\n";
  for (int i = 0; i <= 100; ++i) input += "RCPT TO:<r" + std::to_string(i) + "@discard.test>\r\n";
  const auto output = service.talk(input + "DATA\r\nA: b\r\n\r\n.\r\nQUIT\r\n");
  EXPECT_NE(output.find("452 4.5.3 "), std::string::npos);
  ASSERT_EQ(service.queued().size(), 1U);
  EXPECT_EQ(service.last.recipients.size(), 100U);
}

TEST(SmtpSession, CorruptMailIsRefusedUnlessValidationIsOff) {
  const std::string broken = opening + "this is no header\r\n\r\nhello\r\n.\r\nQUIT\r\n";
  Service strict;
  EXPECT_TRUE(ends_with_reply(strict.talk(broken), "554 5.6.0 "));
  EXPECT_TRUE(strict.queued().empty());
  Service lax(Role::mx, {{"smtpd.validate", "no"}});
  EXPECT_TRUE(ends_with_reply(lax.talk(broken), "250 2.0.0 "));
}

TEST(SmtpSession, SubmissionAddsWhatIsMissingAndKeepsWhatIsThere) {
  Service service(Role::submission);
  const std::string login = "EHLO me\r\nAUTH PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=\r\n";
  const std::string envelope = "MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n";
  service.talk(login + envelope + "Subject: bare\r\n\r\nx\r\n.\r\nQUIT\r\n", Service::under_tls());
  const auto completed = service.queued();
  ASSERT_EQ(completed.size(), 1U);
  for (const char* field : {"\r\nDate: ", "\r\nMessage-ID: <", "\r\nFrom: "})
    EXPECT_NE(completed[0].find(field), std::string::npos) << field << completed[0];
  service.clock.advance(std::chrono::seconds(1));
  service.talk(login + envelope +
                   "From: alice@example.test\r\nDate: Sat, 21 Nov 2026 02:08:17 +0000\r\nMessage-ID: <a@b>\r\n\r\nx\r\n.\r\nQUIT\r\n",
               Service::under_tls());
  const auto both = service.queued();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1].find("Message-ID"), both[1].rfind("Message-ID"));
}

TEST(SmtpSession, AuthdThatIsDownIsATemporaryFailure) {
  Service service(Role::submission);
  service.authenticator.down = true;
  const auto output = service.talk("EHLO me\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n", Service::under_tls());
  EXPECT_TRUE(ends_with_reply(output, "454 4.7.0 ")) << output;
}

TEST(SmtpSession, AClientThatIsSilentOrCutOffIsToldWhy) {
  Service service;
  MemoryStream silent("EHLO me\r\n", MemoryStream::AtEnd::timed_out);
  service.serve(silent);
  EXPECT_NE(silent.output.find("421 4.4.2 "), std::string::npos) << silent.output;
  MemoryStream stopped("EHLO me\r\n", MemoryStream::AtEnd::shutting_down);
  service.serve(stopped);
  EXPECT_NE(stopped.output.find("421 4.3.2 "), std::string::npos) << stopped.output;
}

TEST(SmtpSession, ReceivedFieldsWithoutEndAreALoop) {
  Service service;
  std::string header;
  for (int i = 0; i < 100; ++i) header += "Received: from a by b; Sat, 21 Nov 2026 02:08:17 +0000\r\n";
  EXPECT_TRUE(ends_with_reply(service.talk(opening + header + "\r\nx\r\n.\r\nQUIT\r\n"), "250 2.0.0 "));
  header += "Received: from a by b; Sat, 21 Nov 2026 02:08:17 +0000\r\n";
  EXPECT_TRUE(ends_with_reply(service.talk(opening + header + "\r\nx\r\n.\r\nQUIT\r\n"), "554 5.4.6 "));
}

}  // namespace
}  // namespace tubepost::smtpd::test
