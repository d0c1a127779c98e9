// Message filters as smtpd runs them: what each verdict becomes for the client and for the spool.
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

const std::string letter =
    "EHLO me\r\nMAIL FROM:<x@remote.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: "
    "hi\r\n\r\nhello\r\n.\r\n"
    "QUIT\r\n";

Arguments filters(const std::vector<std::string>& scripts) {
  Arguments arguments;
  for (const auto& script : scripts) arguments.emplace("smtpd.filter", "/bin/sh -c \"" + script + "\"");
  return arguments;
}

struct FiltersCase {
  const char* script;
  const char* reply;
  std::size_t queued;
};

TEST(SmtpdFilters, EachVerdictHasItsReply) {
  const FiltersCase cases[] = {
      {"cat", "250 2.0.0 Ok: queued as ", 1},
      {"exit 65", "554 5.6.0 Message is malformed\r\n", 0},
      {"exit 75", "451 4.3.0 Message cannot be checked now, try again\r\n", 0},
      {"exit 77", "554 5.7.1 Message refused by a filter\r\n", 0},
      {"echo Infected: Eicar >&2; exit 77", "554 5.7.1 Infected: Eicar\r\n", 0},
      {"exit 99", "250 2.0.0 Ok: queued as ", 0},
      {"exit 3", "451 4.3.0 ", 0},
      {"true", "451 4.3.0 ", 0},
  };
  for (const auto& each : cases) {
    Service service(Role::mx, filters({each.script}));
    const auto output = service.talk(letter);
    EXPECT_NE(output.find(std::string("\r\n") + each.reply), std::string::npos) << each.script << output;
    EXPECT_EQ(service.queued().size(), each.queued) << each.script;
  }
}

TEST(SmtpdFilters, AChangedMessageIsStoredInPlaceOfTheOld) {
  Service service(Role::mx, filters({"echo X-Checked: yes; cat", "cat"}));
  service.talk(letter);
  const auto queued = service.queued();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_TRUE(queued[0].starts_with("X-Checked: yes\r\nReceived: ")) << queued[0];
  EXPECT_TRUE(queued[0].ends_with("\r\n\r\nhello\r\n")) << queued[0];
  EXPECT_EQ(service.last.envelope.size, queued[0].size());
}

TEST(SmtpdFilters, ALargeMessageIsFilteredFromItsFile) {
  Service service(Role::mx, filters({"tail -n +1; echo the end"}));
  std::string body;
  while (body.size() < 600'000) body += "0123456789012345678901234567890123456789\r\n";
  auto input = letter;
  input.replace(input.find("hello\r\n"), 7, body);
  service.talk(input);
  const auto queued = service.queued();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_TRUE(queued[0].ends_with(body + "the end\r\n"));
}

TEST(SmtpdFilters, EightBitsOfAFilterAreInTheEnvelope) {
  Service service(Role::mx, filters({"cat; printf '\\\\303\\\\274\\\\n'"}));
  service.talk(letter);
  ASSERT_EQ(service.queued().size(), 1u);
  EXPECT_EQ(service.last.envelope.body_type, spool::BodyType::eight_bit_mime);
}

TEST(SmtpdFilters, ADroppedMessageIsInTheJournal) {
  Service service(Role::mx, filters({"exit 99"}));
  const auto output = service.talk(letter);
  const std::string mark = "queued as ";
  const auto id = spool::SpoolId::parse(output.substr(output.find(mark) + mark.size(), 26));
  ASSERT_TRUE(id) << output;
  const auto trace = service.spool->trace(*id);
  ASSERT_TRUE(trace);
  ASSERT_EQ(trace->size(), 1u);
  EXPECT_EQ(trace->front().name, "dropped");
}

TEST(SmtpdFilters, KnowTheEnvelopeAndWhoIsLoggedIn) {
  Service service(Role::submission,
                  filters({"echo X-Seen: $SENDER $RECIPIENTS $CLIENT_ADDRESS $HELO $AUTH_USER; cat"}));
  service.talk(
      "EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\nMAIL FROM:<bob@example.test>\r\n"
      "RCPT TO:<eve@remote.test>\r\nDATA\r\nFrom: bob@example.test\r\n\r\nhello\r\n.\r\nQUIT\r\n",
      Service::under_tls());
  const auto queued = service.queued();
  ASSERT_EQ(queued.size(), 1u);
  EXPECT_TRUE(
      queued[0].starts_with("X-Seen: bob@example.test eve@remote.test 192.0.2.7 me bob@example.test\r\n"))
      << queued[0];
}

}  // namespace
}  // namespace tubepost::smtpd::test
