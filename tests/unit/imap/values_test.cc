// The small values of IMAP: sets, names, patterns, dates, flags, replies.
#include <gtest/gtest.h>

#include "imap/date_time.h"
#include "imap/flags.h"
#include "imap/mailbox_name.h"
#include "imap/reply.h"
#include "imap/sequence_set.h"
#include "imap/status_item.h"
#include "imap/writer.h"

namespace tubepost::imap::test {
namespace {

std::string resolved(std::string_view text, std::uint32_t largest) {
  Scanner scanner(text);
  const auto set = expect_sequence_set(scanner);
  scanner.expect_end();
  return scanner.failed() ? "failed" : to_text(set.resolve(largest));
}

TEST(SequenceSet, IsResolvedToSortedRanges) {
  struct Case {
    std::string_view text;
    std::uint32_t largest;
    std::string_view result;
    const char* reason;
  };
  const Case cases[] = {
      {"1", 9, "1", "one"},
      {"3,1,2", 9, "1:3", "sorted and joined"},
      {"1:3,2:5", 9, "1:5", "overlapping"},
      {"5:3", 9, "3:5", "RFC 9051 9: either order"},
      {"*", 9, "9", "the largest"},
      {"559:*", 9, "9:559", "RFC 9051 9: contains the largest in any case"},
      {"*:4", 9, "4:9", "star first"},
      {"*", 0, "", "an empty mailbox"},
      {"4294967295,1:4294967295", 9, "1:4294967295", "no overflow at the end"},
      {"0", 9, "failed", "zero is no number"},
      {"1,", 9, "failed", "a comma at the end"},
      {"1:", 9, "failed", "half a range"},
      {"1;2", 9, "failed", "another character"},
  };
  for (const Case& c : cases) EXPECT_EQ(resolved(c.text, c.largest), c.result) << c.text << ": " << c.reason;
}

TEST(SequenceSet, HasABoundedNumberOfRanges) {
  std::string text = "1";
  for (std::size_t i = 1; i < set_ranges_max; ++i) text += ",1";
  EXPECT_EQ(resolved(text, 1), "1");
  EXPECT_EQ(resolved(text + ",1", 1), "failed");
}

TEST(SequenceSet, TakesNoStarAmongKnownUids) {
  Scanner star("1:*");
  expect_known_uids(star);
  EXPECT_TRUE(star.failed());
}

TEST(MailboxName, IsModifiedUtf7OnTheWire) {
  struct Case {
    std::string_view utf7, utf8;
    const char* reason;
  };
  const Case cases[] = {
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
       "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "RFC 3501 5.1.3"},
      {"Entw&APw-rfe", "Entw\xc3\xbcrfe", "two bytes"},
      {"a&-b", "a&b", "the ampersand"},
      {"&2D3eAA-", "\xf0\x9f\x98\x80", "a surrogate pair"},
      {"plain", "plain", "ASCII"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(encode_utf7(c.utf8), c.utf7) << c.reason;
    EXPECT_EQ(decode_utf7(c.utf7), c.utf8) << c.reason;
  }
}

TEST(MailboxName, IsRefusedWhereItHasAnotherSpelling) {
  for (const std::string_view text :
       {"&", "&U,BTFw", "&AGE-", "&2AA-", "&3AA-", "&U,BTFwA-", "&!-", "\xc3\xa4"})
    EXPECT_EQ(decode_utf7(text), std::nullopt) << text;
}

TEST(MailboxName, IsParsedToItsStoredForm) {
  EXPECT_EQ(parse_mailbox_name("inbox", false), "INBOX");
  EXPECT_EQ(parse_mailbox_name("inBox/a", false), "INBOX/a");
  EXPECT_EQ(parse_mailbox_name("inboxes", false), "inboxes");
  EXPECT_EQ(parse_mailbox_name("a/b/", false), "a/b");
  EXPECT_EQ(parse_mailbox_name("a&-b", true), "a&-b") << "RFC 9051 5.1: no UTF-7 there";
  for (const std::string_view text : {"", "/", "a//b", "/a", "a\x01", "\xff"})
    EXPECT_EQ(parse_mailbox_name(text, true), std::nullopt) << text;
  EXPECT_TRUE(parse_mailbox_name(std::string(mailbox_name_max, 'x'), true));
  EXPECT_FALSE(parse_mailbox_name(std::string(mailbox_name_max + 1, 'x'), true));
}

TEST(Pattern, MatchesAsListSays) {
  struct Case {
    std::string_view pattern, name;
    bool matches;
  };
  const Case cases[] = {
      {"*", "a/b", true},      {"%", "a", true},         {"%", "a/b", false},      {"a/%", "a/b", true},
      {"a/%", "a/b/c", false}, {"a*", "a/b/c", true},    {"*c", "a/b/c", true},    {"%/%", "a/b", true},
      {"%/%", "a", false},     {"inbox", "INBOX", true}, {"INBOX", "INBOX", true}, {"a%c", "abc", true},
      {"a%c", "ac", true},     {"a%c", "a/c", false},    {"%*", "a/b", true},      {"", "", true},
      {"", "a", false},        {"a", "b", false},        {"*a%b", "xa/yab", true}, {"%a%b", "aab", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Pattern(c.pattern).matches(c.name), c.matches) << c.pattern << " " << c.name;
}

TEST(Pattern, TakesTimeInProportionWhateverItIs) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(Pattern(pattern + "b").matches(std::string(mailbox_name_max, 'a')));
}

TEST(DateTime, IsReadAndWritten) {
  const auto time = parse_date_time("17-Jul-1996 02:44:25 -0700");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "1996-07-17T09:44:25.000Z");
  std::string text;
  append_date_time(text, *time);
  EXPECT_EQ(text, "\"17-Jul-1996 09:44:25 +0000\"");
  EXPECT_TRUE(parse_date_time(" 1-jan-2026 00:00:00 +0000"));
  for (const std::string_view wrong :
       {"1-Jan-2026 00:00:00 +0000", "31-Feb-2026 00:00:00 +0000", "01-Jan-2026 24:00:00 +0000",
        "01-Jan-2026 00:00:00 0000 ", "01-Jan-2026 00:00:00 +2400", ""})
    EXPECT_FALSE(parse_date_time(wrong)) << wrong;
}

TEST(Flags, AreReadInAnyLettersAndOnce) {
  Scanner scanner("(\\seen $Forwarded \\DELETED $forwarded)");
  const auto list = expect_flag_list(scanner);
  EXPECT_FALSE(scanner.failed()) << scanner.why();
  EXPECT_EQ(list.system, flag_seen | flag_deleted);
  EXPECT_EQ(list.keywords, std::vector<std::string>{"$Forwarded"});
  std::string text;
  append_flags(text, list.system, list.keywords);
  EXPECT_EQ(text, "(\\Deleted \\Seen $Forwarded)");
}

TEST(Flags, MayNotBeRecentNorUnknown) {
  for (const std::string_view text : {"(\\Recent)", "(\\Foo)", "(\\*)", "(", "()x", "( )"}) {
    Scanner scanner(text);
    expect_flag_list(scanner);
    scanner.expect_end();
    EXPECT_TRUE(scanner.failed()) << text;
  }
}

TEST(StatusItem, IsKnownInAnyLetters) {
  Scanner scanner("(messages UIDNEXT)");
  EXPECT_EQ(expect_status_items(scanner), status_messages | status_uid_next);
  Scanner unknown("(FOO)");
  expect_status_items(unknown);
  EXPECT_TRUE(unknown.failed());
}

TEST(Writer, ChoosesTheFormOfAString) {
  const auto written = [](std::string_view text) {
    std::string out;
    append_astring(out, text);
    return out;
  };
  EXPECT_EQ(written("a"), "a");
  EXPECT_EQ(written(""), "\"\"");
  EXPECT_EQ(written("NIL"), "\"NIL\"");
  EXPECT_EQ(written("a \"b\""), "\"a \\\"b\\\"\"");
  EXPECT_EQ(written("a\r\nb"), "{4}\r\na\r\nb");
  EXPECT_EQ(written("\xc3\xa4"), "{2}\r\n\xc3\xa4");
}

TEST(Reply, IsALine) {
  EXPECT_EQ(no(code::try_create, "No such mailbox").to_wire("a1"), "a1 NO [TRYCREATE] No such mailbox\r\n");
  EXPECT_EQ(ok("Done").to_wire("a1"), "a1 OK Done\r\n");
}

}  // namespace
}  // namespace tubepost::imap::test
