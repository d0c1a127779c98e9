// The layers of docs/policy-layers.md as a session asks them: at RCPT, in their order, and kept for the trace.
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

std::string mail(const std::string& from, const std::string& to = "bob@example.test", const std::string& helo = "mx.remote.test") {
  return "EHLO " + helo + "\r\nMAIL FROM:<" + from + ">\r\nRCPT TO:<" + to + ">\r\n";
}
const std::string data = "DATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n";

std::string last_reply(const std::string& output) {
  const auto end = output.rfind("\r\n", output.size() - 3);
  return output.substr(end == std::string::npos ? 0 : end + 2);
}

TEST(SmtpLayers, RefuseAtRcptWhoIsOnABlockList) {
  Service service(Role::mx, {{"smtpd.dnsbl", "bl.test"}});
  service.dns.add("2.0.0.127.bl.test", "127.0.0.2").add("7.2.0.192.bl.test", "127.0.0.2");
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 9), "550 5.7.1");
  EXPECT_TRUE(service.queued().empty());
}

TEST(SmtpLayers, AListOfTheRecipientSavesFromBlockListsAndReverseNames) {
  Service service(Role::mx, {{"smtpd.dnsbl", "bl.test"}, {"smtpd.require-reverse-dns", "exists"}});
  service.dns.add("2.0.0.127.bl.test", "127.0.0.2").add("7.2.0.192.bl.test", "127.0.0.2");
  ASSERT_TRUE(service.directory->add_rules("bob@example.test", directory::RuleAction::allow, {"friend@remote.test"}));
  EXPECT_EQ(last_reply(service.talk(mail("friend@remote.test"))).substr(0, 3), "250");
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 3), "550");
  EXPECT_EQ(last_reply(service.talk(mail("friend@remote.test", "alice@example.test"))).substr(0, 3), "550") << "her list is another";
}

TEST(SmtpLayers, AListMayNameTheNullSender) {
  Service service;
  ASSERT_TRUE(service.directory->add_rules("bob@example.test", directory::RuleAction::deny, {"<>"}));
  EXPECT_EQ(last_reply(service.talk(mail(""))).substr(0, 9), "550 5.7.1");
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 3), "250");
  EXPECT_EQ(last_reply(service.talk(mail("", "alice@example.test"))).substr(0, 3), "250");
}

TEST(SmtpLayers, WithoutAReverseNameIs550AndNotToKnowIs451) {
  Service service(Role::mx, {{"smtpd.require-reverse-dns", "exists"}});
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 10), "550 5.7.25");
  service.dns.fail("7.2.0.192.in-addr.arpa", dns::Kind::servfail);
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 10), "451 4.7.25");
}

TEST(SmtpLayers, ExemptSecondariesOfOurs) {
  Service service(Role::mx, {{"smtpd.require-reverse-dns", "exists"}, {"smtpd.secondaries", "192.0.2.7"}});
  EXPECT_EQ(last_reply(service.talk(mail("x@remote.test"))).substr(0, 3), "250");
}

TEST(SmtpLayers, HoldWhoHasLoggedInToListsAndToAccountLimits) {
  Service service(Role::submission, {{"smtpd.require-reverse-dns", "exists"}, {"smtpd.hourly-account-recipients", "2"}});
  ASSERT_TRUE(service.directory->add_rules("bob@example.test", directory::RuleAction::deny, {"enemy@remote.test"}));
  const std::string login = "EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n";
  const auto rcpt = [](const std::string& to) { return "RCPT TO:<" + to + ">\r\n"; };
  const auto said = service.talk(login + "MAIL FROM:<bob@example.test>\r\n" + rcpt("a@remote.test") + rcpt("b@remote.test") + rcpt("c@remote.test"),
                                 Service::under_tls());
  EXPECT_EQ(last_reply(said).substr(0, 9), "451 4.7.1") << said;
  EXPECT_EQ(said.find("5.7.25"), std::string::npos) << "no reverse name is asked of who has logged in";
  Service other(Role::submission, {});
  ASSERT_TRUE(other.directory->add_rules("bob@example.test", directory::RuleAction::deny, {"enemy@remote.test"}));
  EXPECT_EQ(last_reply(other.talk(login + "MAIL FROM:<bob@example.test>\r\n" + rcpt("enemy@remote.test"), Service::under_tls())).substr(0, 3), "550")
      << "an account's list also applies to what it sends";
}

TEST(SmtpLayers, AnAccountOverItsLimitIsStoppedAndItsPostmasterTold) {
  Service service(Role::submission, {{"smtpd.hourly-account-messages", "1"}});
  const std::string login = "EHLO me\r\nAUTH PLAIN AGJvYkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n";
  const std::string one = "MAIL FROM:<bob@example.test>\r\nRCPT TO:<a@remote.test>\r\nRCPT TO:<b@remote.test>\r\nRSET\r\n";
  service.talk(login + one, Service::under_tls());
  EXPECT_TRUE(service.queued().empty());
  const auto said = service.talk(login + one + one, Service::under_tls());
  EXPECT_NE(said.find("451 4.7.1 Too much mail"), std::string::npos) << said;
  EXPECT_EQ(said.find("250 2.1.5"), std::string::npos) << said;
  const auto reports = service.queued();
  ASSERT_EQ(reports.size(), 1u) << "once an hour";
  EXPECT_NE(reports.front().find("\r\nTo: postmaster@example.test\r\nSubject: bob@example.test sends too much\r\n"), std::string::npos);
  EXPECT_NE(reports.front().find("The last client was 192.0.2.7"), std::string::npos);
  EXPECT_EQ(service.last.recipients.front().address, "postmaster@example.test");
}

// O10: nothing is taken that the primary would only bounce; where nobody knows, it waits for the primary.
TEST(SmtpLayers, RefuseRecipientsOfARelayDomainThatItsPrimaryDoesNotHave) {
  const std::string knows = "/bin/sh -c \"while read -r line; do case $line in recipient=no@*) a='550 5.1.1 primary says: no';; recipient=*) a=dunno;; "
                            "'') printf 'action=%s\\\\n\\\\n' \\\"$a\\\";; esac; done\"";
  const auto says = [](const std::string& action) {
    return "/bin/sh -c \"while read -r line; do test -n \\\"$line\\\" || printf 'action=" + action + "\\\\n\\\\n'; done\"";
  };
  for (const auto& [service_text, recipient, reply] :
       {std::tuple(knows, "no@example.net", "550 5.1.1 primary says: no"), std::tuple(knows, "yes@example.net", "250 2.1.5"),
        std::tuple(says("REJECT no such user"), "no@example.net", "554 5.7.1 no such user"),
        std::tuple(says("DEFER later"), "no@example.net", "450 4.7.1 later"), std::tuple(says("nonsense"), "no@example.net", "250 2.1.5"),
        std::tuple(std::string("/bin/false"), "no@example.net", "250 2.1.5"), std::tuple(std::string(), "no@example.net", "250 2.1.5")}) {
    Service service(Role::mx, {{"smtpd.relay-recipients", service_text}});
    ASSERT_TRUE(service.directory->add_domain("example.net", {{"relay", "yes"}}));
    const auto said = last_reply(service.talk(mail("x@remote.test", recipient)));
    EXPECT_EQ(said.substr(0, std::string_view(reply).size()), reply) << service_text;
  }
}

TEST(SmtpLayers, LookAtHeloOnlyWhereTheyAreTold) {
  for (const auto& [helo, code] : {std::pair("localhost", "550"), std::pair("mx.example.test", "550"), std::pair("[192.0.2.8]", "550"),
                                   std::pair("[192.0.2.7]", "250"), std::pair("mx.remote.test", "250"), std::pair("192.0.2.7", "550"),
                                   std::pair("mx.example.test.", "550"), std::pair("[2001:db8::1]", "550")}) {
    Service strict(Role::mx, {{"smtpd.helo-check", "yes"}});
    EXPECT_EQ(last_reply(strict.talk(mail("x@remote.test", "bob@example.test", helo))).substr(0, 3), code) << helo;
    Service lenient;
    EXPECT_EQ(last_reply(lenient.talk(mail("x@remote.test", "bob@example.test", helo))).substr(0, 3), "250") << helo;
  }
}

TEST(SmtpLayers, TakeAnAddressLiteralInWhateverForm) {
  Client client;
  client.address = net::parse_endpoint("[2001:db8::1]:4711", 0);
  for (const auto& [helo, code] : {std::pair("[IPv6:2001:db8::1]", "250"), std::pair("[ipv6:2001:DB8:0:0:0:0:0:1]", "250"),
                                   std::pair("[IPv6:2001:db8::2]", "550"), std::pair("[IPv6:192.0.2.7]", "550")}) {
    Service strict(Role::mx, {{"smtpd.helo-check", "yes"}});
    EXPECT_EQ(last_reply(strict.talk(mail("x@remote.test", "bob@example.test", helo), client)).substr(0, 3), code) << helo;
  }
}

// Every layer has something against this client; what the earlier one says is heard. Taken away one after the other.
TEST(SmtpLayers, SpeakInTheirOrder) {
  const std::vector<std::pair<std::string, std::string>> layers = {{"smtpd.hourly-address-messages", "451 4.7.1 Too much"},
                                                                   {"lists", "550 5.7.1 Refused by an access rule"},
                                                                   {"smtpd.require-reverse-dns", "550 5.7.25"},
                                                                   {"smtpd.dnsbl", "550 5.7.1 192.0.2.7 is listed"},
                                                                   {"smtpd.helo-check", "550 5.7.1 Your HELO name"},
                                                                   {"smtpd.policy", "452 4.7.1 not today"},
                                                                   {"", "550 5.1.1"}};
  Arguments settings = {{"smtpd.hourly-address-messages", "1"}, {"smtpd.require-reverse-dns", "exists"}, {"smtpd.dnsbl", "bl.test"},
                        {"smtpd.helo-check", "yes"}, {"smtpd.policy", "/bin/sh -c \"echo action=452 4.7.1 not today; echo; sleep 60\""}};
  for (const auto& [layer, reply] : layers) {
    Service service(Role::mx, settings);
    service.dns.add("2.0.0.127.bl.test", "127.0.0.2").add("7.2.0.192.bl.test", "127.0.0.2");
    if (settings.count("smtpd.hourly-address-messages")) service.rates.take("address-messages", "192.0.2.7", 1, 1);
    if (layer == "lists" || settings.count("smtpd.hourly-address-messages")) {
      ASSERT_TRUE(service.directory->add_rules("server", directory::RuleAction::deny, {"remote.test"}));
    }
    const auto said = last_reply(service.talk(mail("x@remote.test", "unknown@example.test", "localhost")));
    EXPECT_EQ(said.substr(0, reply.size()), reply) << layer;
    settings.erase(layer);
  }
}

TEST(SmtpLayers, TellPolicyServicesTheNamesOfTheClient) {
  const std::string service_text = "/bin/sh -c \"while read -r line; do case $line in client_name=*) n=$line;; reverse_client_name=*) r=$line;; '') "
                                   "printf 'action=WARN %s %s\\\\n\\\\n' $n $r;; esac; done\"";
  Service service(Role::mx, {{"smtpd.require-reverse-dns", "confirmed"}, {"smtpd.policy", service_text}});
  service.dns.add_ptr("7.2.0.192.in-addr.arpa", "mx.remote.test").add("mx.remote.test", "192.0.2.7");
  service.talk(mail("x@remote.test") + data);
  ASSERT_EQ(service.queued().size(), 1u);
  std::string trace;
  const auto events = service.spool->trace(service.last.id);
  ASSERT_TRUE(events);
  for (const auto& event : *events) trace += event.fields + '\n';
  EXPECT_NE(trace.find("client_name=mx.remote.test"), std::string::npos) << trace;
  EXPECT_NE(trace.find("reverse_client_name=mx.remote.test"), std::string::npos) << trace;
}

TEST(SmtpLayers, AreKeptForTheTraceWithTheirAnswers) {
  Service service(Role::mx, {{"smtpd.require-reverse-dns", "confirmed"}, {"smtpd.dnsbl", "bl.test;warn"}});
  service.dns.add_ptr("7.2.0.192.in-addr.arpa", "mx.remote.test").add("mx.remote.test", "192.0.2.7");
  service.dns.add("2.0.0.127.bl.test", "127.0.0.2").add("7.2.0.192.bl.test", "127.0.0.2");
  EXPECT_EQ(service.talk(mail("x@remote.test") + data).find("queued as") == std::string::npos, false);
  ASSERT_EQ(service.queued().size(), 1u);
  std::string trace;
  const auto events = service.spool->trace(service.last.id);
  ASSERT_TRUE(events);
  for (const auto& event : *events) trace += event.name + ' ' + event.fields + '\n';
  EXPECT_NE(trace.find("reverse-dns"), std::string::npos) << trace;
  EXPECT_NE(trace.find("bl.test"), std::string::npos) << trace;
  EXPECT_NE(trace.find("127.0.0.2"), std::string::npos) << trace;
}

}  // namespace
}  // namespace tubepost::smtpd::test
