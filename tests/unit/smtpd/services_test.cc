// Policy services as smtpd asks them: what is asked when, and what becomes of each answer.
#include "base/file.h"
#include "support/temporary_folder.h"
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

const std::string envelope = "EHLO me\r\nMAIL FROM:<x@remote.test>\r\nRCPT TO:<bob@example.test>\r\n";
const std::string letter_to_both = envelope + "DATA\r\nSubject: hi\r\n\r\nhello\r\n.\r\nQUIT\r\n";

// A service in a file of its own: answers every request with `answer`, keeps what it was asked in `heard`.
class Policed {
public:
  explicit Policed(const std::string& answer, const std::string& options = "", Role role = Role::mx) {
    const std::string script = "#!/bin/sh\nwhile read -r line; do echo \"$line\" >> " + heard() +
                               "\n[ -n \"$line\" ] || printf 'action=%s\\n\\n' '" + answer + "'; done\n";
    EXPECT_TRUE(write_file_atomically(folder / "service", script, 0700));
    service.emplace(role, Arguments{{"smtpd.policy", (folder / "service").string() + options}});
  }
  std::string heard() const { return (folder / "heard").string(); }
  std::string questions() const { return read_file(heard()).value_or(std::string()); }

  const test_support::TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  std::optional<Service> service;
};

struct ServicesCase {
  const char* answer;
  const char* reply;  // to RCPT
};

TEST(SmtpdPolicy, EveryActionHasItsReplyAtRcpt) {
  const ServicesCase cases[] = {
      {"OK", "250 2.1.5 Ok"},
      {"dunno", "250 2.1.5 Ok"},
      {"REJECT go away", "554 5.7.1 go away"},
      {"REJECT 5.2.1 nobody", "554 5.2.1 nobody"},
      {"DEFER", "450 4.7.1 Refused for now, try again"},
      {"DEFER_IF_PERMIT later", "450 4.7.1 later"},
      {"DEFER_IF_REJECT later", "250 2.1.5 Ok"},
      {"421 busy", "421 4.7.1 busy"},
      {"451 4.7.1 Greylisted", "451 4.7.1 Greylisted"},
      {"550 no", "550 5.7.1 no"},
      {"PREPEND X-A: b", "250 2.1.5 Ok"},
      {"HOLD", "250 2.1.5 Ok"},
      {"WARN hm", "250 2.1.5 Ok"},
      {"INFO hm", "250 2.1.5 Ok"},
      {"FROBNICATE", "451 4.3.5 "},
  };
  for (const auto& each : cases) {
    Policed policed(each.answer);
    const auto output = policed.service->talk(envelope + "QUIT\r\n");
    EXPECT_NE(output.find(std::string("250 2.1.0 Ok\r\n") + each.reply), std::string::npos)
        << each.answer << '\n'
        << output;
  }
}

TEST(SmtpdPolicy, TheRequestHasTheAttributesOfPostfix) {
  Policed policed("DUNNO");
  policed.service->talk(letter_to_both);
  const auto asked = policed.questions();
  for (const char* line : {"request=smtpd_access_policy\n", "protocol_state=RCPT\n", "protocol_name=ESMTP\n",
                           "client_address=192.0.2.7\n", "client_name=unknown\n", "client_port=4711\n",
                           "helo_name=me\n", "sender=x@remote.test\n", "recipient=bob@example.test\n",
                           "recipient_count=0\n", "size=0\n", "sasl_username=\n", "instance="})
    EXPECT_NE(asked.find(line), std::string::npos) << line << asked;
}

TEST(SmtpdPolicy, IsAskedInTheStatesItWants) {
  Policed policed("DUNNO", ";at=connect,mail,rcpt,data,end");
  policed.service->talk(letter_to_both);
  std::string states;
  const auto asked = policed.questions();
  const std::string mark = "protocol_state=";
  for (auto at = asked.find(mark); at != asked.npos; at = asked.find(mark, at + 1))
    states += asked.substr(at + mark.size(), asked.find('\n', at) - at - mark.size()) + ' ';
  EXPECT_EQ(states, "CONNECT MAIL RCPT DATA END-OF-MESSAGE ");
}

TEST(SmtpdPolicy, ARefusalOfConnectOrMailWaitsForRcpt) {
  for (const char* at : {";at=connect", ";at=mail"}) {
    Policed policed("REJECT not you", at);
    const auto output = policed.service->talk(envelope + "QUIT\r\n");
    EXPECT_NE(output.find("250 2.1.0 Ok\r\n554 5.7.1 not you\r\n"), std::string::npos) << at << output;
  }
}

TEST(SmtpdPolicy, TheEndOfTheMessageCanBeRefused) {
  for (const char* at : {";at=data", ";at=end"}) {
    Policed policed("REJECT not this", at);
    EXPECT_NE(policed.service->talk(letter_to_both).find("554 5.7.1 not this\r\n"), std::string::npos) << at;
    EXPECT_TRUE(policed.service->queued().empty());
  }
}

TEST(SmtpdPolicy, PrependHoldRedirectAndBccChangeWhatIsQueued) {
  Policed prepend("PREPEND X-Policy: seen");
  prepend.service->talk(letter_to_both);
  ASSERT_EQ(prepend.service->queued().size(), 1u);
  EXPECT_TRUE(prepend.service->queued()[0].starts_with("X-Policy: seen\r\nReceived: "));
  Policed hold("HOLD look at it");
  hold.service->talk(letter_to_both);
  hold.service->queued();
  EXPECT_EQ(hold.service->last.recipients.at(0).state, spool::State::held);
  Policed redirect("REDIRECT alice@example.test");
  redirect.service->talk(letter_to_both);
  redirect.service->queued();
  EXPECT_EQ(redirect.service->last.recipients.at(0).address, "alice@example.test");
  Policed bcc("BCC alice@example.test");
  bcc.service->talk(letter_to_both);
  bcc.service->queued();
  EXPECT_EQ(bcc.service->last.recipients.size(), 2u);
}

TEST(SmtpdPolicy, DiscardIsAcceptedAndGone) {
  Policed policed("DISCARD");
  EXPECT_NE(policed.service->talk(letter_to_both).find("250 2.0.0 Ok: queued as "), std::string::npos);
  EXPECT_TRUE(policed.service->queued().empty());
}

TEST(SmtpdPolicy, DeferIfRejectTurnsARefusalIntoLater) {
  Policed policed("DEFER_IF_REJECT 4.7.9 later");
  const auto output =
      policed.service->talk("EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.test>\r\nQUIT\r\n");
  EXPECT_NE(output.find("450 4.7.9 later\r\n"), std::string::npos) << output;
}

TEST(SmtpdPolicy, TheAuthenticatedAreAskedAboutOnlyByForAll) {
  const std::string session =
      "EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\nMAIL FROM:<bob@example.test>\r\n"
      "RCPT TO:<alice@example.test>\r\nQUIT\r\n";
  Policed strangers("REJECT", "", Role::submission), all("REJECT", ";for=all", Role::submission);
  EXPECT_NE(strangers.service->talk(session, Service::under_tls()).find("250 2.1.5 Ok"), std::string::npos);
  EXPECT_NE(all.service->talk(session, Service::under_tls()).find("554 5.7.1 Refused by policy"),
            std::string::npos);
}

TEST(SmtpdPolicy, TheTrustedAreNotStrangers) {
  Policed policed("REJECT");
  auto client = Service::stranger();
  client.trusted = true;
  EXPECT_NE(policed.service->talk(envelope + "QUIT\r\n", client).find("250 2.1.5 Ok"), std::string::npos);
}

TEST(SmtpdPolicy, DecisionsAreInTheTrace) {
  Policed policed("WARN looks odd");
  policed.service->talk(letter_to_both);
  policed.service->queued();
  const auto trace = policed.service->spool->trace(policed.service->last.id);
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->size(), 2u);
  EXPECT_EQ(trace->at(1).name, "policy");
  EXPECT_NE(trace->at(1).fields.find("looks odd"), std::string::npos) << trace->at(1).fields;
}

}  // namespace
}  // namespace tubepost::smtpd::test
