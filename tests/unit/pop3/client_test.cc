#include "pop3/client.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::pop3 {
namespace {

using test_support::MemoryStream;

TEST(Pop3Client, LogsInAndFetchesAMessageWithItsDotsTakenOff) {
  MemoryStream stream(
      "+OK ready\r\n+OK\r\n+OK in\r\n+OK 2 messages\r\n1 a\r\n2 b\r\n.\r\n+OK 12 octets\r\nA: "
      "b\r\n\r\n..x\r\n.\r\n+OK bye\r\n",
      MemoryStream::AtEnd::end_of_input, 3);
  Client client(stream);
  EXPECT_EQ(client.greeting()->text, "ready");
  EXPECT_EQ(client.login("alice", "a b c")->text, "in");
  EXPECT_EQ(client.list("UIDL")->lines, (std::vector<std::string>{"1 a", "2 b"}));
  EXPECT_EQ(client.content("RETR 1")->text, "A: b\r\n\r\n.x\r\n");
  client.quit();
  EXPECT_EQ(stream.output, "USER alice\r\nPASS a b c\r\nUIDL\r\nRETR 1\r\nQUIT\r\n");
}

TEST(Pop3Client, ARefusalIsAnAnswerAndNothingIsReadBehindIt) {
  MemoryStream stream("-ERR [AUTH] no\r\n");
  const auto answer = Client(stream).list("CAPA");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->ok);
  EXPECT_EQ(answer->text, "[AUTH] no");
}

TEST(Pop3Client, APasswordIsNotSentWhereTheNameIsRefused) {
  MemoryStream stream("-ERR no clear text here\r\n");
  EXPECT_FALSE(Client(stream).login("alice", "secret")->ok);
  EXPECT_EQ(stream.output.find("secret"), std::string::npos);
}

TEST(Pop3Client, WhatIsNoPop3IsAFailure) {
  MemoryStream stream("220 mx.example.test ESMTP\r\n");
  EXPECT_FALSE(Client(stream).greeting());
}

TEST(Pop3Client, WhatFollowsTheAnswerToStlsInClearTextIsAFailure) {
  MemoryStream stream("+OK begin\r\n+OK injected\r\n");
  Client client(stream);
  EXPECT_TRUE(client.start_tls()->ok);
  EXPECT_FALSE(client.replace_stream(stream));
}

TEST(Pop3Client, AuthAnswersChallengesAndCancelsWhereItCannot) {
  MemoryStream stream("+ \r\n+OK in\r\n+ !!\r\n-ERR cancelled\r\n");
  Client client(stream);
  const auto respond = [](std::string_view) { return Result<std::string>("me"); };
  EXPECT_TRUE(client.authenticate("PLAIN", std::nullopt, respond)->ok);
  EXPECT_FALSE(client.authenticate("PLAIN", std::nullopt, respond));
  EXPECT_EQ(stream.output, "AUTH PLAIN\r\nbWU=\r\nAUTH PLAIN\r\n*\r\n");
}

TEST(Pop3Client, ALineEndInACommandIsNotSent) {
  MemoryStream stream("+OK\r\n");
  EXPECT_FALSE(Client(stream).command("USER a\r\nDELE 1"));
  EXPECT_EQ(stream.output, "");
}

TEST(Pop3Client, MoreThanAllowedIsTheEnd) {
  std::string input = "+OK\r\n";
  for (int i = 0; i < 1000; ++i) input += "a line of a message that has no end\r\n";
  MemoryStream stream(input, MemoryStream::AtEnd::timed_out, 512);
  ClientOptions options;
  options.content_max = 4096;
  Client client(stream, options);
  EXPECT_THROW((void)client.content("RETR 1"), net::TimedOut);
}

}  // namespace
}  // namespace tubepost::pop3
