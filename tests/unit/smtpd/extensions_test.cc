// What the extensions of ESMTP leave in the spool.
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

TEST(SmtpdExtensions, ABinaryBodyIsStoredAsItIs) {
  Service service;
  const std::string content = std::string("Subject: hi\r\n\r\na\0b\nc\rd", 22);
  service.talk(
      "EHLO me\r\nMAIL FROM:<x@remote.test> BODY=BINARYMIME\r\nRCPT TO:<bob@example.test>\r\nBDAT 22 "
      "LAST\r\n" +
      content + "QUIT\r\n");
  const auto queued = service.queued();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_TRUE(queued[0].ends_with(content));
  EXPECT_EQ(service.last.envelope.body_type, spool::BodyType::binary_mime);
}

TEST(SmtpdExtensions, ChunksAreOneMessageHoweverTheyAreCut) {
  const std::string content = "Subject: hi\r\n\r\n.\r\n..dots stay\r\nend\r\n";
  for (std::size_t size = 1; size <= content.size(); size += 5) {
    Service service;
    std::string input = "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\n";
    for (std::size_t at = 0; at < content.size(); at += size) {
      const auto part = content.substr(at, size);
      input += "BDAT " + std::to_string(part.size()) + "\r\n" + part;
    }
    service.talk(input + "BDAT 0 LAST\r\nQUIT\r\n");
    const auto queued = service.queued();
    ASSERT_EQ(queued.size(), 1u) << size;
    EXPECT_TRUE(queued[0].ends_with("\r\n" + content)) << size;
  }
}

TEST(SmtpdExtensions, ALastLineWithoutItsEndGetsOne) {
  Service service;
  service.talk(
      "EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nBDAT 18 LAST\r\nSubject: "
      "hi\r\n\r\nendQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1u);
  EXPECT_TRUE(service.queued()[0].ends_with("\r\n\r\nend\r\n"));
}

TEST(SmtpdExtensions, TooLargeInChunksIsRefusedAsSoonAsItIsKnown) {
  Service service(Role::mx, {{"smtpd.message-size-max", "64K"}});
  const std::string half(40'000, 'x');
  const auto output = service.talk("EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nBDAT 40000\r\n" +
                                   half + "BDAT 40000\r\n" + half + "BDAT 2 LAST\r\n\r\nQUIT\r\n");
  EXPECT_NE(output.find("40000 octets received\r\n552 5.3.4 "), std::string::npos) << output;
  EXPECT_NE(output.find("503 5.5.1 Send MAIL FROM first"), std::string::npos) << output;
  EXPECT_TRUE(service.queued().empty());
}

TEST(SmtpdExtensions, ReportParametersAreKept) {
  Service service;
  service.talk(
      "EHLO me\r\nMAIL FROM:<x@remote.test> RET=HDRS ENVID=QQ+2B1 SMTPUTF8\r\n"
      "RCPT TO:<bob@example.test> NOTIFY=success,DELAY ORCPT=rfc822;Bob+2Bx@example.test\r\n"
      "DATA\r\nSubject: hi\r\n\r\nx\r\n.\r\nQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1u);
  const auto& envelope = service.last.envelope;
  EXPECT_EQ(envelope.dsn_ret, "HDRS");
  EXPECT_EQ(envelope.dsn_envid, "QQ+1");
  EXPECT_TRUE(envelope.smtputf8);
  EXPECT_EQ(envelope.origin.protocol, "UTF8SMTP");
  EXPECT_EQ(service.last.recipients.at(0).notify, "SUCCESS,DELAY");
  EXPECT_EQ(service.last.recipients.at(0).orcpt, "rfc822;Bob+2Bx@example.test");
}

TEST(SmtpdExtensions, TimesAndTlsOfASubmissionAreKept) {
  Service service(Role::submission);
  service.talk(
      "EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n"
      "MAIL FROM:<bob@example.test> HOLDFOR=3600 BY=7200;RT REQUIRETLS\r\nRCPT TO:<alice@example.test>\r\n"
      "DATA\r\nFrom: bob@example.test\r\n\r\nx\r\n.\r\nQUIT\r\n",
      Service::under_tls());
  ASSERT_EQ(service.queued().size(), 1u);
  const auto& envelope = service.last.envelope;
  EXPECT_EQ(envelope.not_before, service.clock.now() + std::chrono::hours(1));
  ASSERT_TRUE(envelope.deliver_by);
  EXPECT_EQ(envelope.deliver_by->deadline, service.clock.now() + std::chrono::hours(2));
  EXPECT_EQ(envelope.deliver_by->mode, spool::DeliverByMode::give_back);
  EXPECT_TRUE(envelope.deliver_by->trace);
  EXPECT_TRUE(envelope.require_tls);
}

TEST(SmtpdExtensions, LmtpQueuesTheAcceptedInOneMessage) {
  Service service(Role::lmtp);
  service.talk(
      "LHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nRCPT TO:<no@example.test>\r\nRCPT "
      "TO:<alice@example.test>\r\n"
      "DATA\r\nSubject: hi\r\n\r\nx\r\n.\r\nQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1u);
  EXPECT_EQ(service.last.recipients.size(), 2u);
  EXPECT_EQ(service.last.envelope.origin.role, "lmtp");
  EXPECT_EQ(service.last.envelope.origin.protocol, "LMTP");
}

// sendmail of a user who may not read the directory asks what a bare name means; nobody else is told.
TEST(SmtpdExtensions, TheLocalSocketNamesThePrimaryDomain) {
  for (const auto role : {Role::local, Role::mx, Role::submission}) {
    const auto said = Service(role).talk("EHLO me\r\nQUIT\r\n");
    EXPECT_EQ(said.find("XPRIMARYDOMAIN example.test\r\n") != std::string::npos, role == Role::local) << said;
  }
}

TEST(SmtpdExtensions, XclientIsWhomTheEnvelopeNames) {
  Service service(Role::mx, {{"smtpd.xclient-hosts", "192.0.2.7"}});
  service.talk(
      "EHLO me\r\nXCLIENT ADDR=198.51.100.4\r\nEHLO other\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\n"
      "DATA\r\nSubject: hi\r\n\r\nx\r\n.\r\nQUIT\r\n");
  ASSERT_EQ(service.queued().size(), 1u);
  EXPECT_EQ(service.last.envelope.origin.client_address, "198.51.100.4");
}

TEST(SmtpdExtensions, BeingTrustedIsNoRightToSpeakForOthers) {
  Service service(Role::mx, {{"smtpd.trusted", "192.0.2.7"}});
  const auto output = service.talk("EHLO me\r\nXCLIENT ADDR=198.51.100.4\r\nQUIT\r\n");
  EXPECT_NE(output.find("550 5.7.0 XCLIENT"), std::string::npos) << output;
}

TEST(SmtpdExtensions, PlusMechanismsAreOfferedWhereThereIsSomethingToBindTo) {
  Service service(Role::submission);
  auto client = Service::under_tls();
  client.tls_info.tls_exporter = "exporter";
  client.local = net::parse_endpoint("127.0.0.1:587", 0);
  const auto output = service.talk("EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\nQUIT\r\n", client);
  EXPECT_NE(output.find("AUTH PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS\r\n"), std::string::npos) << output;
  ASSERT_EQ(service.authenticator.requests.size(), 1u);
  EXPECT_EQ(service.authenticator.requests[0].tls_exporter, "exporter");
  EXPECT_EQ(service.authenticator.requests[0].default_domain, "example.test");  // A10: none is bound to it
  EXPECT_EQ(service.talk("EHLO me\r\nQUIT\r\n", Service::under_tls()).find("-PLUS"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::smtpd::test
