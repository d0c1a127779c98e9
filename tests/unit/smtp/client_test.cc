#include "smtp/client.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::smtp {
namespace {

using test_support::MemoryStream;

// A server that has said all it will say: the client must not need to be answered in turn.
class ClientTest : public testing::Test {
protected:
  void server(const std::string& says) {
    stream_ = std::make_unique<MemoryStream>(says, MemoryStream::AtEnd::disconnected);
    client_ = std::make_unique<Client>(*stream_, ClientOptions{"me.test", lmtp_, {}});
  }
  void greeted(const std::string& extensions, const std::string& then) {
    server("250-x.test\r\n" + extensions + "250 HELP\r\n" + then);
    ASSERT_TRUE(client_->hello());
    stream_->take_output();
  }
  Letter letter(std::vector<std::string> recipients,
                std::string_view content = "Subject: x\r\n\r\nbody\r\n") {
    Letter made;
    made.sender = "a@me.test";
    for (auto& recipient : recipients) made.recipients.push_back({std::move(recipient), "", ""});
    made.content = content;
    return made;
  }
  Sent send(const Letter& given) {
    Sent sent;
    EXPECT_TRUE(client_->send(
        given, [this](bool at_dot) { dots_ += at_dot; }, sent));
    return sent;
  }
  bool lmtp_ = false;
  int dots_ = 0;
  std::unique_ptr<MemoryStream> stream_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, ReadsWhatTheServerCanDo) {
  greeted(
      "250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-AUTH PLAIN "
      "login\r\n250-AUTH=LOGIN\r\n250-LIMITS RCPTMAX=7 rcptdomainmax=2 MAILMAX=0\r\n",
      "");
  const auto& extensions = client_->extensions();
  EXPECT_TRUE(extensions.pipelining && extensions.eight_bit_mime && extensions.size);
  EXPECT_FALSE(extensions.smtputf8 || extensions.dsn || extensions.starttls);
  EXPECT_EQ(extensions.size_max, 1000u);
  EXPECT_EQ(extensions.rcpt_max, 7u);
  EXPECT_EQ(extensions.rcpt_domain_max, 2u);
  EXPECT_EQ(extensions.mechanisms, (std::vector<std::string>{"PLAIN", "LOGIN"}));
}

TEST_F(ClientTest, SaysHeloToWhoKnowsNoEhlo) {
  server("502 what?\r\n250 x.test\r\n");
  const auto reply = client_->hello();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 250);
  EXPECT_EQ(stream_->output, "EHLO me.test\r\nHELO me.test\r\n");
  EXPECT_FALSE(client_->extensions().esmtp);
}

TEST_F(ClientTest, SaysNoHeloAfterATemporaryRefusal) {
  server("421 later\r\n");
  EXPECT_EQ(client_->hello()->code, 421);
}

TEST_F(ClientTest, SendsAllInOneFlightWherePipeliningIsOffered) {
  greeted("250-PIPELINING\r\n", "250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 taken\r\n");
  const auto sent = send(letter({"x@y.test", "z@y.test"}));
  EXPECT_EQ(stream_->output,
            "MAIL FROM:<a@me.test>\r\nRCPT TO:<x@y.test>\r\nRCPT TO:<z@y.test>\r\nDATA\r\n"
            "Subject: x\r\n\r\nbody\r\n.\r\n");
  EXPECT_EQ(sent.recipients.at(0).code, 250);
  EXPECT_EQ(sent.recipients.at(1).status, (EnhancedStatus{5, 1, 1}));
  EXPECT_EQ(sent.content.at(0).code, 250);
  EXPECT_EQ(dots_, 1);
}

// Each may take minutes: whoever watches is to see that it goes on.
TEST_F(ClientTest, TellsOfEachRecipientThatIsAnswered) {
  for (const char* extension : {"250-PIPELINING\r\n", ""}) {
    greeted(extension, "250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n250 2.0.0 taken\r\n");
    int told = 0;
    Sent sent;
    EXPECT_TRUE(client_->send(
        letter({"x@y.test", "z@y.test"}), [&](bool at_dot) { told += at_dot ? 0 : 1; }, sent));
    EXPECT_EQ(told, 2) << extension;
  }
}

TEST_F(ClientTest, SendsAnEmptyMessageWhereDataWasTakenForNobody) {
  greeted("250-PIPELINING\r\n", "250 ok\r\n550 no\r\n354 go\r\n554 no recipients\r\n");
  const auto sent = send(letter({"x@y.test"}));
  EXPECT_TRUE(stream_->output.ends_with("DATA\r\n.\r\n"));
  EXPECT_TRUE(sent.content.empty());
  EXPECT_EQ(dots_, 0);
}

TEST_F(ClientTest, GoesStepByStepWithoutPipelining) {
  greeted("", "250 ok\r\n550 no\r\n");
  const auto sent = send(letter({"x@y.test"}));
  EXPECT_EQ(stream_->output, "MAIL FROM:<a@me.test>\r\nRCPT TO:<x@y.test>\r\n");
  EXPECT_FALSE(sent.data);
}

TEST_F(ClientTest, StopsAtARefusedSender) {
  greeted("", "450 4.1.8 not now\r\n");
  const auto sent = send(letter({"x@y.test"}));
  EXPECT_EQ(sent.mail->code, 450);
  EXPECT_TRUE(sent.recipients.empty());
}

TEST_F(ClientTest, PassesOnOnlyParametersThatWereAnnounced) {
  auto made = letter({"x@y.test"});
  made.envid = "e 1";
  made.ret = "HDRS";
  made.eight_bit = true;
  made.recipients[0].notify = "NEVER";
  made.recipients[0].orcpt = "rfc822;x@y.test";
  greeted("", "250 ok\r\n550 no\r\n");
  send(made);
  EXPECT_EQ(stream_->output, "MAIL FROM:<a@me.test>\r\nRCPT TO:<x@y.test>\r\n");
  greeted("250-DSN\r\n250-SIZE\r\n250-8BITMIME\r\n", "250 ok\r\n550 no\r\n");
  send(made);
  EXPECT_EQ(stream_->output,
            "MAIL FROM:<a@me.test> SIZE=20 BODY=8BITMIME RET=HDRS ENVID=e+201\r\n"
            "RCPT TO:<x@y.test> NOTIFY=NEVER ORCPT=rfc822;x@y.test\r\n");
}

TEST_F(ClientTest, DoublesDotsAtTheBeginningOfLinesAlone) {
  struct Case {
    std::string content, wire;
  };
  const Case cases[] = {
      {"", ".\r\n"},
      {".", "..\r\n.\r\n"},
      {".a\r\n..\r\nb.\r\n", "..a\r\n...\r\nb.\r\n.\r\n"},
      {"a\n.b\r\n", "a\n.b\r\n.\r\n"},
      {"a\r\n.\r\n", "a\r\n..\r\n.\r\n"},
      {"no end", "no end\r\n.\r\n"},
  };
  for (const auto& c : cases) {
    greeted("", "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n");
    send(letter({"x@y.test"}, c.content));
    EXPECT_EQ(stream_->output, "MAIL FROM:<a@me.test>\r\nRCPT TO:<x@y.test>\r\nDATA\r\n" + c.wire)
        << c.content;
  }
}

TEST_F(ClientTest, SendsChunksAsTheyAre) {
  auto made = letter({"x@y.test"}, ".\r\na\nb");
  made.by_chunks = true;
  greeted("250-CHUNKING\r\n", "250 ok\r\n250 ok\r\n250 taken\r\n");
  const auto sent = send(made);
  EXPECT_TRUE(stream_->output.ends_with("BDAT 6 LAST\r\n.\r\na\nb"));
  EXPECT_EQ(sent.content.size(), 1u);
}

TEST_F(ClientTest, HearsOfEachRecipientByLmtp) {
  lmtp_ = true;
  greeted("", "250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n250 one\r\n452 4.2.2 full\r\n");
  const auto sent = send(letter({"x@y.test", "no@y.test", "z@y.test"}));
  ASSERT_EQ(sent.content.size(), 2u);
  EXPECT_EQ(sent.content[1].code, 452);
}

TEST_F(ClientTest, KeepsWhatWasSaidBeforeTheServerHangsUp) {
  greeted("", "250 ok\r\n421 bye\r\n");
  Sent sent;
  auto made = letter({"x@y.test", "z@y.test"});
  EXPECT_THROW((void)client_->send(
                   made, [](bool) {}, sent),
               net::Disconnected);
  EXPECT_EQ(sent.recipients.at(0).code, 421);
}

TEST_F(ClientTest, IsBrokenOffBeforeTheFinalDot) {
  greeted("", "250 ok\r\n250 ok\r\n354 go\r\n");
  Sent sent;
  EXPECT_THROW((void)client_->send(
                   letter({"x@y.test"}), [](bool) { throw net::ShuttingDown(); }, sent),
               net::ShuttingDown);
  EXPECT_FALSE(stream_->output.ends_with("\r\n.\r\n"));
}

TEST_F(ClientTest, SendsNoLineEndThatIsNotItsOwn) {
  greeted("", "");
  Sent sent;
  EXPECT_FALSE(client_->send(
      letter({"x@y.test>\r\nRCPT TO:<evil@y.test"}), [](bool) {}, sent));
  EXPECT_FALSE(client_->command("NOOP\r\nQUIT"));
  EXPECT_EQ(stream_->output, "");
}

TEST_F(ClientTest, LogsIn) {
  server("334 dXNlcg==\r\n235 2.7.0 welcome\r\n");
  const auto reply = client_->authenticate("LOGIN", std::nullopt, [](std::string_view challenge) {
    return Result<std::string>("answer to " + std::string(challenge));
  });
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 235);
  EXPECT_EQ(stream_->output, "AUTH LOGIN\r\nYW5zd2VyIHRvIHVzZXI=\r\n");
}

TEST_F(ClientTest, CancelsALoginItCannotGoOnWith) {
  server("334 dXNlcg==\r\n501 cancelled\r\n");
  EXPECT_FALSE(client_->authenticate(
      "X", "", [](std::string_view) { return Result<std::string>(Failure::permanent("no")); }));
  EXPECT_EQ(stream_->output, "AUTH X =\r\n*\r\n");
}

TEST_F(ClientTest, LeavesAServerThatFloods) {
  for (const std::string& flood :
       {std::string(10 << 20, 'x'), "250-" + std::string(10 << 20, 'x') + "\r\n"}) {
    server(flood);
    EXPECT_THROW((void)client_->greeting(), net::TimedOut);
    EXPECT_LT(stream_->reads, 100);
  }
}

TEST_F(ClientTest, TakesNoWordInClearTextForOneUnderTls) {
  server("220 go\r\n250 injected\r\n");
  ASSERT_TRUE(client_->start_tls());
  MemoryStream tls;
  EXPECT_FALSE(client_->replace_stream(tls));
}

}  // namespace
}  // namespace tubepost::smtp
