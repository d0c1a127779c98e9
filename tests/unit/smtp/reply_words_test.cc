#include "smtp/reply_words.h"

#include <gtest/gtest.h>

namespace tubepost::smtp {
namespace {

TEST(PastedReply, IsFoundInWhateverItStands) {
  struct Case {
    const char* text;
    int code;
    const char *status, *reply;
  };
  const Case cases[] = {
      {"550 5.7.25 no reverse name", 550, "5.7.25", "no reverse name"},
      {"550-5.7.1 first line\n550 5.7.1 second line", 550, "5.7.1", "first line second line"},
      {"host mx.example.net[192.0.2.1] said: 451 4.7.1 Greylisted (in reply to RCPT TO command)", 451,
       "4.7.1", "Greylisted (in reply to RCPT TO command)"},
      {"status=bounced (host mx.example.net[192.0.2.250] said: 554 no)", 554, "", "no)"},
      {"smtp[550]: A1: to=<a@b.test>, relay=mx.b.test[192.0.2.1]:587, delay=0.4, dsn=4.7.1, status=deferred (host mx.b.test[192.0.2.1]"
       " said: 451 4.7.1 later)",
       451, "4.7.1", "later)"},
      {"relay=mx.b.test[192.0.2.1]:465, status=bounced (host mx.b.test[192.0.2.1] said: 554 no)", 554, "", "no)"},
      {"smtp[452]: A1: relay=none, dsn=4.4.1, status=deferred (connect to [192.0.2.1]:465: Connection timed out)", 0, "4.4.1",
       "smtp[452]: A1: relay=none, dsn=4.4.1, status=deferred (connect to [192.0.2.1]:465: Connection timed out)"},
      {"SMTP error (550): no", 550, "", "): no"},
      {"S: 250 ok\nS: 452 too many recipients\nS: 221 bye", 452, "", "too many recipients"},
      {"smtp; 550-Mailbox\n    unknown", 550, "", "Mailbox unknown"},
      {"Status: 5.1.1", 0, "5.1.1", "Status: 5.1.1"},
      {"250 2.0.0 Ok", 250, "2.0.0", "Ok"},
      {"535", 535, "", ""},
  };
  for (const auto& c : cases) {
    const auto found = find_pasted_reply(c.text);
    ASSERT_TRUE(found) << c.text;
    EXPECT_EQ(found->code, c.code) << c.text;
    EXPECT_EQ(found->status ? to_string(*found->status) : "", c.status) << c.text;
    EXPECT_EQ(found->text, c.reply) << c.text;
  }
}

TEST(PastedReply, IsNotMadeOfNumbersThatAreNone) {
  for (const char* text : {"", "hello", "192.0.2.550", "1550 messages", "size 4501", "5500"})
    EXPECT_FALSE(find_pasted_reply(text)) << text;
}

TEST(ReplyWords, KnowTheCodesThatPeopleMeet) {
  for (const int code : {421, 450, 451, 452, 499, 530, 535, 550, 551, 552, 553, 554})
    EXPECT_FALSE(meaning_of(code).empty()) << code;
  EXPECT_TRUE(meaning_of(599).empty());
  EXPECT_FALSE(meaning_of(EnhancedStatus{5, 7, 99}).empty());
  EXPECT_NE(meaning_of(EnhancedStatus{5, 7, 25}), meaning_of(EnhancedStatus{5, 7, 99}));
}

}  // namespace
}  // namespace tubepost::smtp
