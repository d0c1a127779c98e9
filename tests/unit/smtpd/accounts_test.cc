// Whoever is logged in is an account of ours, as long as the session lasts (A3, A11, D9), whatever service checked the password.
#include "base/base64.h"
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

std::string login(const std::string& user) {
  return "AUTH PLAIN " + base64_encode(std::string(1, '\0') + user + std::string(1, '\0') + "secret") +
         "\r\n";
}

std::string log_in_as(const std::string& user, Arguments arguments = {}) {
  Service service(Role::submission, std::move(arguments));
  return service.talk("EHLO me\r\n" + login(user) + "MAIL FROM:<ceo@elsewhere.test>\r\nQUIT\r\n",
                      Service::under_tls());
}

TEST(SmtpdAccounts, OnlyAnAccountLogsInWhoeverCheckedThePassword) {
  const auto output = log_in_as("stranger@elsewhere.test");
  EXPECT_NE(output.find("\r\n535 5.7.8 "), std::string::npos) << output;
  EXPECT_NE(output.find("\r\n530 5.7.0 "), std::string::npos) << "and may not send: " << output;
  EXPECT_NE(log_in_as("bob").find("\r\n535 5.7.8 "), std::string::npos) << "authd gives whole names";
}

TEST(SmtpdAccounts, ASuspendedOneDoesNot) {
  EXPECT_NE(log_in_as("gone@example.test").find("\r\n535 5.7.8 "), std::string::npos);
}

TEST(SmtpdAccounts, TheFixedUserIsNobodysAccountAndSendsAsAnybody) {
  const auto output = log_in_as("relay", {{"submission.authentication", "fixed:/etc/relay"}});
  EXPECT_NE(output.find("\r\n235 2.7.0 "), std::string::npos) << output;
  EXPECT_NE(output.find("\r\n250 2.1.0 "), std::string::npos) << output;
}

TEST(SmtpdAccounts, OneThatIsSuspendedMeanwhileSendsNoMore) {
  Service service(Role::submission);
  MemoryStream stream("EHLO me\r\n" + login("bob@example.test") + "MAIL FROM:<bob@example.test>\r\nRSET\r\n");
  stream.on_wait = [&](MemoryStream& waiting) {
    waiting.on_wait = nullptr;
    EXPECT_NE(waiting.take_output().find("\r\n250 2.1.0 "), std::string::npos);
    EXPECT_TRUE(service.directory->set_account("bob@example.test", {{"suspended", "yes"}}));
    waiting.add_input("MAIL FROM:<bob@example.test>\r\nMAIL FROM:<>\r\nQUIT\r\n");
  };
  service.serve(stream, Service::under_tls());
  EXPECT_TRUE(stream.output.starts_with("550 5.2.1 <bob@example.test> is suspended\r\n550 5.2.1 "))
      << stream.output;
}

TEST(SmtpdAccounts, XclientNamesAccountsAlone) {
  const Arguments speaks{{"smtpd.xclient-hosts", "192.0.2.7"}};
  for (const auto& [name, reply] :
       {std::pair("bob@example.test", "220 "), {"bob", "220 "}, {"stranger@elsewhere.test", "535 5.7.8 "}}) {
    Service service(Role::submission, speaks);
    const auto output = service.talk("XCLIENT ADDR=198.51.100.4 LOGIN=" + std::string(name) +
                                         "\r\nEHLO me\r\n" + "MAIL FROM:<ceo@elsewhere.test>\r\nQUIT\r\n",
                                     Service::under_tls());
    EXPECT_NE(output.find(std::string("\r\n") + reply), std::string::npos) << name << ": " << output;
    EXPECT_EQ(output.find("250 2.1.0"), std::string::npos) << name << " sends as somebody else: " << output;
  }
}

}  // namespace
}  // namespace tubepost::smtpd::test
