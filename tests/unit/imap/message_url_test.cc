#include "imap/message_url.h"

#include <gtest/gtest.h>

namespace tubepost::imap::test {
namespace {

TEST(ImapMessageUrl, NamesAMessageOrAPartOfOne) {
  struct Case {
    std::string_view text;
    bool good;
    std::string_view mailbox;
    std::uint32_t uid;
    std::string_view label;
    const char* reason;
  };
  const Case cases[] = {
      {"/INBOX/;UID=20", true, "INBOX", 20, "BODY[]", "a whole message"},
      {"/a/b;UIDVALIDITY=7/;uid=20", true, "a/b", 20, "BODY[]", "a mailbox with levels; keys in any letters"},
      {"/Entw%C3%BCrfe/;UID=1/;SECTION=1.2.MIME", true, "Entw\xC3\xBCrfe", 1, "BODY[1.2.MIME]",
       "percent, section"},
      {"/I/;UID=1/;SECTION=HEADER.FIELDS%20(To)", true, "I", 1, "BODY[HEADER.FIELDS (To)]",
       "a section with a list"},
      {"/I/;UID=1/;PARTIAL=3.5", true, "I", 1, "BODY[]<3>", "RFC 5092 ipartial"},
      {";UID=4/;SECTION=TEXT", true, "", 4, "BODY[TEXT]", "of the selected mailbox"},
      {"/;UID=4", true, "", 4, "BODY[]", "of the selected mailbox"},
      {"imap://host/INBOX/;UID=1", false, "", 0, "", "absolute"},
      {"//host/INBOX/;UID=1", false, "", 0, "", "of another server"},
      {"/INBOX", false, "", 0, "", "no message"},
      {"/INBOX/;UID=0", false, "", 0, "", "no such UID"},
      {"/INBOX/;UID=1/;SECTION=0", false, "", 0, "", "no such part"},
      {"/INBOX/;UID=1/;SECTION=1]%20FLAGS%20BODY[", false, "", 0, "", "more than a section"},
      {"/INBOX/;UID=1/;EXPIRE=1", false, "", 0, "", "RFC 4467 is not spoken"},
      {"/IN%4/;UID=1", false, "", 0, "", "broken percent"},
      {"", false, "", 0, "", "nothing"},
  };
  for (const Case& c : cases) {
    const auto url = parse_message_url(c.text);
    ASSERT_EQ(url.has_value(), c.good) << c.text << ": " << c.reason;
    if (!url) continue;
    EXPECT_EQ(url->mailbox, c.mailbox) << c.text;
    EXPECT_EQ(url->uid, c.uid) << c.text;
    EXPECT_EQ(url->section.label(), c.label) << c.text;
  }
}

TEST(ImapMessageUrl, IsReadUpToTheLimitAndNoLonger) {
  const std::string front = "/INBOX/;UID=1/;SECTION=", rest(message_url_max - front.size(), '1');
  EXPECT_FALSE(parse_message_url(front + rest + '1'));
  EXPECT_FALSE(parse_message_url(front + rest)) << "a part number that large is none";
  const std::string name(message_url_max - 8, 'n');
  EXPECT_TRUE(parse_message_url("/" + name + "/;UID=1"));
  EXPECT_FALSE(parse_message_url("/" + name + "n/;UID=1"));
}

}  // namespace
}  // namespace tubepost::imap::test
