#include "avscan-wrap/notices.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "message/header.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

Envelope envelope_from(const std::string& sender, bool local) {
  Envelope envelope;
  envelope.known = true;
  envelope.sender = sender;
  envelope.recipients = {"bob@example.test"};
  envelope.client_address = "192.0.2.7";
  if (local) envelope.auth_user = "alice@example.test";
  return envelope;
}

const std::string plain = "Subject: x\r\nMessage-ID: <1@example.test>\r\n\r\nVIRUS\r\n";

TEST(Notice, GoesToALocalSenderInAnyCaseToOthersOnlyIfAsked) {
  struct Row {
    bool local, asked, refused, told;
    const char* reason;
  };
  const Row rows[] = {{true, false, false, true, "a local one is always told"},
                      {true, false, true, false, "the refusal has told him"},
                      {true, true, true, true, "asked for"},
                      {false, false, false, false, "off by default"},
                      {false, true, false, true, "asked for"}};
  for (const Row& row : rows) {
    Options options;
    options.notify_sender = row.asked;
    const Incident incident{"V", "was dropped", row.refused};
    EXPECT_EQ(tells_sender(options, envelope_from("alice@example.test", row.local), plain, incident),
              row.told)
        << row.reason;
  }
}

TEST(Notice, IsNeverAnAnswerToAMachine) {
  struct Row {
    const char *sender, *fields;
  };
  const Row rows[] = {{"", ""},
                      {"MAILER-DAEMON@example.test", ""},
                      {"owner-list@example.test", ""},
                      {"list-request@example.test", ""},
                      {"list-bounces@example.test", ""},
                      {"a@example.test", "Auto-Submitted: auto-replied\r\n"},
                      {"a@example.test", "Auto-Submitted: (x) auto-generated\r\n"},
                      {"a@example.test", "Precedence: bulk\r\n"},
                      {"a@example.test", "List-Id: <x.example.test>\r\n"}};
  Options options;
  options.notify_sender = true;
  for (const Row& row : rows)
    EXPECT_FALSE(tells_sender(options, envelope_from(row.sender, true), row.fields + plain, {}))
        << row.sender << row.fields;
  EXPECT_TRUE(
      tells_sender(options, envelope_from("a@example.test", true), "Auto-Submitted: no\r\n" + plain, {}));
}

TEST(Notice, ToRecipientsIsOffByDefaultAndAnswersNoNotice) {
  Options options;
  EXPECT_FALSE(tells_recipients(options, envelope_from("a@example.test", false), plain));
  options.notify_recipient = true;
  EXPECT_TRUE(tells_recipients(options, envelope_from("a@example.test", false), plain));
  const Envelope envelope = envelope_from("", false);
  EXPECT_FALSE(
      tells_recipients(options, envelope, notice_to_recipients(envelope, plain, {"V", "was dropped"})));
  EXPECT_FALSE(tells_sender(options, envelope, notice_to_sender(envelope, plain, {"V", "was dropped"}), {}));
}

// RFC 3834 3.1, 5
TEST(Notice, SaysThatItIsAutomaticAndWhatItIsAbout) {
  const auto text =
      notice_to_sender(envelope_from("a@example.test", false), plain, {"Test.Virus", "was refused"});
  EXPECT_EQ(message::find_field(text, "Auto-Submitted")->value, "auto-replied");
  EXPECT_EQ(message::find_field(text, "In-Reply-To")->value, "<1@example.test>");
  EXPECT_EQ(message::find_field(text, "To")->value, "<a@example.test>");
  EXPECT_NE(text.find("Virus:   Test.Virus"), std::string::npos);
  EXPECT_FALSE(message::corruption(text, false));
}

TEST(Notice, TakesNoFieldFromTheMessage) {
  const std::string evil =
      "Subject: x\r\n\tBcc: everybody@example.test\r\nMessage-ID: <a>\r\n X-Evil: <b>\r\n\r\nVIRUS";
  const auto text =
      notice_to_sender(envelope_from("a@example.test>\r\nX-Evil: yes", false), evil, {"V", "was refused"});
  EXPECT_FALSE(message::find_field(text, "X-Evil"));
  EXPECT_FALSE(message::find_field(text, "Bcc"));
  EXPECT_FALSE(message::corruption(text, false)) << text;
}

TEST(Mail, IsGivenToSendmailWithTheNullSenderAndWithoutTheFiltersEnvironment) {
  const Folder folder;
  const std::string script = folder / "sendmail";
  ASSERT_TRUE(write_file_atomically(script,
                                    "#!/bin/sh\necho \"$@\" >" + (folder / "args") + "\necho \"$SENDER\" >>" +
                                        (folder / "args") + "\ncat >" + (folder / "mail") + "\n",
                                    0755));
  ::setenv("SENDER", "somebody", 1);
  Options options;
  options.sendmail = script;
  options.home = "/h";
  ASSERT_TRUE(send_mail(options, "", {"-x@example.test", "b@example.test"}, "text"));
  ::unsetenv("SENDER");
  EXPECT_EQ(*read_file(folder / "args"), "--home /h -i -f <> -- -x@example.test b@example.test\n\n");
  EXPECT_EQ(*read_file(folder / "mail"), "text");
  options.sendmail = folder / "nothing";
  EXPECT_FALSE(send_mail(options, "", {"b@example.test"}, "text"));
}

}  // namespace
}  // namespace tubepost::avscan
