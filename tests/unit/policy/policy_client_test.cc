// A policy service as it should be, and as it should not: a child that dies, hangs, prints garbage or without
// end; a socket that is not there.
#include "policy/policy_client.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace tubepost::policy {
namespace {

Record request(std::string_view sender = "alice@example.test") {
  Record record;
  record.add("request", "smtpd_access_policy");
  record.add("sender", sender);
  return record;
}

// Each record is answered by the shell text `body`; $sender is the request's.
Service answering(const std::string& body, const std::string& options = "") {
  const std::string script =
      "while read line; do case $line in sender=*) sender=${line#sender=};; '') " + body + ";; esac; done";
  auto settings = parse_service("sh" + (options.empty() ? "" : ";" + options));
  EXPECT_TRUE(settings);
  settings->command = {"/bin/sh", "-c", script};
  return Service(std::move(*settings));
}

void expect_default(const Answer& answer, const std::string& why) {
  EXPECT_EQ(answer.action.kind, ActionKind::reply) << why;
  EXPECT_EQ(answer.action.code, 451) << why;
  EXPECT_NE(answer.failure, "") << why;
}

TEST(PolicyService, OneChildAnswersRequestAfterRequest) {
  auto service = answering("n=$((n+1)); printf 'action=WARN %s %s\\n\\n' $n $sender");
  EXPECT_EQ(service.ask(request("a@b.test")).action.text, "1 a@b.test");
  EXPECT_EQ(service.ask(request("c@d.test")).action.text, "2 c@d.test");
}

TEST(PolicyService, ASemicolonBetweenQuotesBelongsToTheCommand) {
  const auto settings = parse_service("/bin/sh -c \"read x; echo \\\"a;b\\\"\" ; at=mail ;timeout=2s");
  ASSERT_TRUE(settings) << settings.error().text;
  EXPECT_EQ(settings->command, (std::vector<std::string>{"/bin/sh", "-c", "read x; echo \"a;b\""}));
  EXPECT_EQ(settings->at, std::set{ProtocolState::mail});
  EXPECT_EQ(settings->timeout, std::chrono::seconds(2));
}

TEST(PolicyService, AChildThatDiedBetweenRequestsIsReplacedAtOnce) {
  auto service = answering("printf 'action=OK\\n\\n'; exit");
  for (int round = 0; round < 3; ++round) {
    const auto answer = service.ask(request());
    EXPECT_EQ(answer.action.kind, ActionKind::ok) << answer.failure;
  }
}

TEST(PolicyService, AChildThatDiesWithoutAnAnswerGetsTheDefaultAndThenRest) {
  auto service = answering("exit 1");
  expect_default(service.ask(request()), "died");
  expect_default(service.ask(request()), "died again");
  const auto third = service.ask(request());
  EXPECT_NE(third.failure.find("left alone"), std::string::npos) << third.failure;
}

TEST(PolicyService, HangingAndDrippingEndAtTheTimeLimit) {
  auto hanging = answering("sleep 1000", "timeout=1s");
  EXPECT_EQ(hanging.ask(request()).failure, "no answer in time");
  auto dripping = answering("while :; do printf a; sleep 0.1; done", "timeout=1s");
  EXPECT_EQ(dripping.ask(request()).failure, "no answer in time");
}

TEST(PolicyService, GarbageIsNoAnswer) {
  for (const char* body : {"echo hello; echo", "printf '=x\\n\\n'", "yes", "head -c 100000 /dev/zero",
                           "printf 'action=OK\\n\\naction=OK\\n\\n'"}) {
    auto service = answering(body, "timeout=5s");
    expect_default(service.ask(request()), body);
  }
}

TEST(PolicyService, AnAnswerWithoutAnActionIsUnknown) {
  auto service = answering("printf 'reaction=OK\\n\\n'");
  EXPECT_EQ(service.ask(request()).action.kind, ActionKind::unknown);
}

TEST(PolicyService, TheDefaultIsASetting) {
  auto service = answering("exit 1", "default=DUNNO");
  EXPECT_EQ(service.ask(request()).action.kind, ActionKind::dunno);
}

TEST(PolicyService, WhatCannotBeReachedGetsTheDefault) {
  for (const char* text : {"/nonexistent/program", "unix:/nonexistent/socket", "inet:127.0.0.1:1"}) {
    Service service(*parse_service(text));
    expect_default(service.ask(request()), text);
  }
}

TEST(PolicyService, OneSlowAnswerDoesNotStopTheOthers) {
  auto service =
      answering("case $sender in slow*) sleep 1000;; *) printf 'action=OK\\n\\n';; esac", "timeout=3s");
  std::thread slow([&] { expect_default(service.ask(request("slow@example.test")), "slow"); });
  EXPECT_EQ(service.ask(request("quick@example.test")).action.kind, ActionKind::ok);
  slow.join();
}

TEST(PolicyService, MoreSessionsThanChannelsWaitForTheirTurn) {
  auto service = answering("printf 'action=OK\\n\\n'");
  std::vector<std::thread> sessions;
  for (int i = 0; i < 20; ++i)
    sessions.emplace_back([&] {
      const auto answer = service.ask(request());
      EXPECT_EQ(answer.action.kind, ActionKind::ok) << answer.failure;
    });
  for (auto& session : sessions) session.join();
}

TEST(PolicyServiceSettings, SayWhereWhenAndWhatElse) {
  const auto service =
      parse_service("/usr/bin/greylist --block \"60 m\";at=mail,rcpt;timeout=5s;default=DUNNO;for=all");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->command, (std::vector<std::string>{"/usr/bin/greylist", "--block", "60 m"}));
  EXPECT_EQ(service->at, (std::set{ProtocolState::mail, ProtocolState::rcpt}));
  EXPECT_EQ(service->timeout, std::chrono::seconds(5));
  EXPECT_EQ(service->otherwise.kind, ActionKind::dunno);
  EXPECT_TRUE(service->for_all);
  EXPECT_EQ(parse_service("unix:/run/postgrey")->unix_path, "/run/postgrey");
  EXPECT_EQ(parse_service("inet:127.0.0.1:10023")->endpoint->port, 10023);
  EXPECT_EQ(parse_service("greylist")->at, std::set{ProtocolState::rcpt});
}

TEST(PolicyServiceSettings, WhatIsWrongIsSaid) {
  for (const char* text : {"", ";at=rcpt", "unix:", "inet:localhost", "x;at=helo", "x;timeout=soon",
                           "x;default=MAYBE", "x;for=some", "x;color=red", "a \"b"})
    EXPECT_FALSE(parse_service(text)) << text;
}

}  // namespace
}  // namespace tubepost::policy
