#include "sendmail/injection.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/text.h"
#include "sendmail/completion.h"

namespace tubepost::sendmail {
namespace {

class Recorder final : public Carrier {
public:
  Result<std::string> primary_domain() override { return std::string("told.test"); }
  Result<void> begin(const Letter& letter) override { return letter_ = letter, Result<void>(); }
  void write(std::string_view content) override { content_ += content; }
  Result<std::string> finish(bool eight_bit) override {
    return eight_bit_ = eight_bit, finished_ = true, std::string("id");
  }

  Letter letter_;
  std::string content_;
  bool eight_bit_ = false, finished_ = false;
};

class Injection : public testing::Test {
protected:
  Result<std::string> inject_text(const std::string& text, const CommandLine& line) {
    std::FILE* file = std::tmpfile();
    std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
    std::rewind(file);
    Reader reader(::fileno(file), {line.lone_dot_ends, true, 1 << 20});
    auto done =
        inject(line, {"joe", "mx.example.test", domain_, true, lists_, identity_}, reader, carrier_, clock_);
    std::fclose(file);
    return done;
  }
  static CommandLine to(const std::vector<std::string>& recipients) {
    CommandLine line;
    line.recipients = recipients;
    return line;
  }
  static CommandLine with_sender(const std::string& sender) {
    auto line = to({"bob"});
    line.sender = sender;
    return line;
  }
  static CommandLine from_header() {
    CommandLine line;
    line.recipients_from_header = true;
    return line;
  }

  Recorder carrier_;
  ManualClock clock_;
  std::string domain_ = "example.test";
  std::function<Result<void>(const std::string&, const std::string&)> lists_;
  std::function<std::string(const smtp::Mailbox&)> identity_;
};

const std::string complete = "From: a@b.test\r\nDate: x\r\nMessage-ID: <y@z>\r\n";

TEST_F(Injection, TakesTheCallerAsSender) {
  ASSERT_TRUE(inject_text("Subject: x\n\n", to({"bob"})));
  EXPECT_EQ(carrier_.letter_.sender, "joe@mx.example.test");
  EXPECT_EQ(carrier_.letter_.recipients, std::vector<std::string>{"bob@example.test"});
}

TEST_F(Injection, IsRefusedAsAWholeWhereAListDeniesOneRecipient) {
  lists_ = [](const std::string& sender, const std::string& recipient) -> Result<void> {
    EXPECT_EQ(sender, "joe@mx.example.test");
    if (recipient == "denied@example.test") return Failure::permanent("denied", {5, 7, 1});
    return {};
  };
  const auto refused = inject_text("Subject: x\n\n", to({"bob", "denied"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, (EnhancedStatus{5, 7, 1}));
  EXPECT_FALSE(carrier_.finished_);
  EXPECT_TRUE(inject_text("Subject: x\n\n", to({"bob"})));
}

TEST_F(Injection, AddsWhatIsMissing) {
  ASSERT_TRUE(inject_text("Subject: x\n\nhello\n", to({"bob"})));
  EXPECT_NE(carrier_.content_.find("From: <joe@mx.example.test>\r\n"), std::string::npos);
  EXPECT_NE(carrier_.content_.find("Date: Tue, 14 Nov 2023"), std::string::npos);
  EXPECT_NE(carrier_.content_.find("Message-ID: <"), std::string::npos);
  EXPECT_TRUE(carrier_.content_.ends_with("Subject: x\r\n\r\nhello\r\n"));
}

TEST_F(Injection, QualifiesTheBareNamesThatCronWrites) {
  ASSERT_TRUE(inject_text("From: root (Cron Daemon)\nTo: root, Joe <joe@example.test>\nSubject: cron\n\nx\n",
                          to({"root"})));
  const auto& whole = carrier_.content_;
  EXPECT_NE(whole.find("From: \"Cron Daemon\" <root@mx.example.test>\r\n"), std::string::npos) << whole;
  EXPECT_NE(whole.find("To: root@example.test,\r\n\t\"Joe\" <joe@example.test>\r\n"), std::string::npos)
      << "as in the envelope: " << whole;
}

TEST_F(Injection, AsksTheCarrierForTheDomainThatItDoesNotKnow) {
  domain_.clear();
  ASSERT_TRUE(inject_text("To: bob\nSubject: x\n\n", from_header()));
  EXPECT_EQ(carrier_.letter_.recipients, std::vector<std::string>{"bob@told.test"});
  EXPECT_NE(carrier_.content_.find("To: bob@told.test\r\n"), std::string::npos) << carrier_.content_;
}

// cron hands over MAILTO=ann,bob as one argument.
TEST_F(Injection, TakesAListOfAddressesAsOneArgument) {
  auto line = to({"ann,bob", "Carol C. <carol@example.test>, dave"});
  line.sender = "Joe Doe <joe@example.test>";
  ASSERT_TRUE(inject_text("Subject: x\n\n", line));
  EXPECT_EQ(carrier_.letter_.sender, "joe@example.test");
  EXPECT_EQ(carrier_.letter_.recipients,
            (std::vector<std::string>{"ann@example.test", "bob@example.test", "carol@example.test",
                                      "dave@example.test"}));
}

TEST_F(Injection, TakesTwoNamesOfOneRecipientAsOne) {
  identity_ = [](const smtp::Mailbox& address) { return to_lower(address.to_text()); };
  ASSERT_TRUE(inject_text("Subject: x\n\n", to({"bob", "BOB", "ann"})));
  EXPECT_EQ(carrier_.letter_.recipients, (std::vector<std::string>{"bob@example.test", "ann@example.test"}));
}

TEST_F(Injection, LeavesACompleteMessageAlone) {
  ASSERT_TRUE(inject_text(complete + "\nhello\n", to({"bob"})));
  EXPECT_EQ(carrier_.content_, complete + "\r\nhello\r\n");
}

TEST_F(Injection, GivesABodyWithoutHeaderOne) {
  ASSERT_TRUE(inject_text("hello\n", to({"bob"})));
  EXPECT_TRUE(carrier_.content_.ends_with(">\r\n\r\nhello\r\n")) << carrier_.content_;
}

TEST_F(Injection, TakesRecipientsFromTheHeaderAndRemovesBcc) {
  ASSERT_TRUE(inject_text(complete + "To: Bob <bob>, carol@example.test\nCc: bob@example.test\nBcc: dave\n\n",
                          from_header()));
  EXPECT_EQ(carrier_.letter_.recipients,
            (std::vector<std::string>{"bob@example.test", "carol@example.test", "dave@example.test"}));
  EXPECT_EQ(carrier_.content_.find("Bcc"), std::string::npos);
  EXPECT_EQ(carrier_.content_.find("dave"), std::string::npos);
}

TEST_F(Injection, KeepsBccWithoutThatOption) {
  ASSERT_TRUE(inject_text(complete + "Bcc: dave\n\n", to({"bob"})));
  EXPECT_NE(carrier_.content_.find("Bcc: dave"), std::string::npos);
}

TEST_F(Injection, PrefersResentFields) {
  ASSERT_TRUE(inject_text(complete + "To: bob\nResent-To: eve\nResent-Bcc: dave\n\n", from_header()));
  EXPECT_EQ(carrier_.letter_.recipients, (std::vector<std::string>{"eve@example.test", "dave@example.test"}));
}

TEST_F(Injection, KnowsTheNullSender) {
  auto line = to({"bob"});
  line.sender = "";
  ASSERT_TRUE(inject_text("Subject: x\n\n", line));
  EXPECT_EQ(carrier_.letter_.sender, "");
  EXPECT_NE(carrier_.content_.find("From: <MAILER-DAEMON@mx.example.test>"), std::string::npos)
      << carrier_.content_;
}

TEST_F(Injection, WritesTheFullName) {
  auto line = to({"bob"});
  line.full_name = "Joe \"J\" Doe";
  ASSERT_TRUE(inject_text("Subject: x\n\n", line));
  EXPECT_NE(carrier_.content_.find("From: \"Joe \\\"J\\\" Doe\" <joe@mx.example.test>\r\n"),
            std::string::npos);
}

TEST_F(Injection, LetsNoNameAddFields) {
  auto line = to({"bob"});
  line.full_name = "Joe\r\nBcc: eve";
  ASSERT_TRUE(inject_text("Subject: x\n\n", line));
  EXPECT_EQ(carrier_.content_.find("\nBcc"), std::string::npos);
}

TEST_F(Injection, RefusesBeforeAnythingIsCarried) {
  const struct {
    std::string text;
    CommandLine line;
    EnhancedStatus status;
    const char* why;
  } cases[] = {
      {"Subject: x\n\n", to({}), {5, 5, 4}, "no recipients"},
      {"To: \n\n", from_header(), {5, 5, 4}, "none in the header either"},
      {"Subject: x\n\n", to({"a b@c"}), {5, 6, 0}, "no address"},
      {"Subject: x\n\n", to({"bob, a b@c"}), {5, 6, 0}, "one of a list is none"},
      {"Subject: x\n\n", to({","}), {5, 6, 0}, "a list of none"},
      {"Subject: x\n\n", with_sender("ann, bob"), {5, 6, 0}, "two senders"},
      {"Subject: x\n\n", to({"bob\r\nRCPT TO:<x@y>"}), {5, 6, 0}, "a line end in an address"},
      {"From: <>\n\n", to({"bob"}), {5, 7, 0}, "S7: From names no address"},
      {"Subject: x\nSubject: y\n\n", to({"bob"}), {5, 7, 0}, "S7: a field twice"},
      {"Subject: x\n\na\rb\n", to({"bob"}), {5, 7, 0}, "S7: a bare CR"},
  };
  for (const auto& each : cases) {
    const auto done = inject_text(each.text, each.line);
    ASSERT_FALSE(done) << each.why;
    EXPECT_EQ(done.error().status, each.status) << each.why << ": " << done.error().text;
    EXPECT_FALSE(carrier_.finished_) << each.why;
  }
}

TEST(Phrase, IsQuotedOrEncoded) {
  EXPECT_EQ(phrase("Joe"), "\"Joe\"");
  EXPECT_EQ(phrase("Jürg"), "=?UTF-8?B?SsO8cmc=?=");
  EXPECT_LE(phrase(std::string(200, 'x') + "ü").size(), 75u);
}

}  // namespace
}  // namespace tubepost::sendmail
