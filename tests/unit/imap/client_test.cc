#include "imap/client.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::imap {
namespace {

using test_support::MemoryStream;

TEST(ImapClient, LogsInSearchesAndFetchesALiteral) {
  MemoryStream stream(
      "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"
      "t1 OK [CAPABILITY IMAP4rev2] in\r\n"
      "* SEARCH 4\r\nt2 OK done\r\n"
      "* 4 FETCH (UID 7 BODY[] {6}\r\na{3}\r\n FLAGS (\\Seen))\r\nt3 OK done\r\n"
      "* BYE\r\nt4 OK\r\n",
      MemoryStream::AtEnd::end_of_input, 3);
  Client client(stream);
  ASSERT_TRUE(client.greeting()->ok());
  EXPECT_TRUE(client.has_capability("STARTTLS"));
  ASSERT_TRUE(client.login("alice", "a\"b")->ok());
  EXPECT_FALSE(client.has_capability("STARTTLS"));
  EXPECT_TRUE(client.has_capability("IMAP4REV2"));
  EXPECT_EQ(client.command("SEARCH TEXT x")->untagged.front().text, "SEARCH 4");
  const auto fetched = client.command("FETCH 4 (UID BODY[])");
  ASSERT_TRUE(fetched);
  ASSERT_EQ(fetched->untagged.size(), 1u);
  EXPECT_EQ(fetched->untagged[0].literals, (std::vector<std::string>{"a{3}\r\n"}));
  EXPECT_EQ(fetched->untagged[0].text, "4 FETCH (UID 7 BODY[] {6} FLAGS (\\Seen))");
  client.logout();
  EXPECT_TRUE(stream.output.starts_with("t1 LOGIN \"alice\" \"a\\\"b\"\r\n")) << stream.output;
}

TEST(ImapClient, WhatCannotBeQuotedGoesAsALiteralWhereTheServerAsksForIt) {
  MemoryStream stream("+ go on\r\n+ go on\r\nt1 OK in\r\n");
  EXPECT_TRUE(Client(stream).login("alice", "gr\xc3\xbc\xc3\x9f")->ok());
  EXPECT_EQ(stream.output, "t1 LOGIN {5}\r\nalice {6}\r\ngr\xc3\xbc\xc3\x9f\r\n");
}

TEST(ImapClient, APasswordIsNotSentWhereTheNameIsRefused) {
  MemoryStream stream("t1 NO [PRIVACYREQUIRED] no\r\n");
  const auto answer = Client(stream).login("\xc3\xbc", "secret");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, "PRIVACYREQUIRED");
  EXPECT_EQ(stream.output.find("secret"), std::string::npos);
}

TEST(ImapClient, AnInitialResponseWaitsWhereTheServerTakesNone) {
  MemoryStream stream("+ \r\nt1 OK\r\n");
  Client client(stream);
  const auto none = [](std::string_view) { return Result<std::string>(Failure::permanent("no more")); };
  EXPECT_TRUE(client.authenticate("PLAIN", "me", none)->ok());
  EXPECT_EQ(stream.output, "t1 AUTHENTICATE PLAIN\r\nbWU=\r\n");
}

TEST(ImapClient, WhatIsNoImapIsAFailure) {
  MemoryStream stream("+OK pop3 here\r\n");
  EXPECT_FALSE(Client(stream).greeting());
}

TEST(ImapClient, AByeForAGreetingIsARefusal) {
  MemoryStream stream("* BYE too many connections\r\n");
  const auto answer = Client(stream).greeting();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->ok());
  EXPECT_EQ(answer->text, "too many connections");
}

TEST(ImapClient, WhatFollowsTheAnswerToStarttlsInClearTextIsAFailure) {
  MemoryStream stream("t1 OK begin\r\n* OK injected\r\n");
  Client client(stream);
  EXPECT_TRUE(client.start_tls()->ok());
  EXPECT_FALSE(client.replace_stream(stream));
}

TEST(ImapClient, TheTextOfAStatusResponseHasNoLiteral) {
  MemoryStream stream("* OK ready, version {3}\r\n* NO watch out {99}\r\nt1 OK done {7}\r\n");
  Client client(stream);
  EXPECT_EQ(client.greeting()->text, "ready, version {3}");
  const auto answer = client.command("NOOP");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->text, "done {7}");
  EXPECT_TRUE(answer->untagged.front().literals.empty());
}

TEST(ImapClient, ALiteralOverTheBoundIsAFailureBeforeItIsRead) {
  MemoryStream stream("* 1 FETCH (BODY[] {99999999999}\r\n");
  EXPECT_FALSE(Client(stream).command("FETCH 1 BODY[]"));
}

TEST(ImapClient, ALineEndInACommandIsNotSent) {
  MemoryStream stream("t1 OK\r\n");
  EXPECT_FALSE(Client(stream).command("SELECT a\r\nt2 DELETE b"));
  EXPECT_EQ(stream.output, "");
}

}  // namespace
}  // namespace tubepost::imap
