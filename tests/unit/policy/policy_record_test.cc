#include "policy/policy_record.h"

#include <gtest/gtest.h>

#include "net/line_stream.h"
#include "support/memory_stream.h"

namespace tubepost::policy {
namespace {

TEST(PolicyRecord, WhatIsWrittenIsReadAgain) {
  Record record;
  record.add("request", "smtpd_access_policy");
  record.add("sender", "");
  record.add("ccert_subject", "CN=a=b");
  EXPECT_EQ(record.to_text(), "request=smtpd_access_policy\nsender=\nccert_subject=CN=a=b\n\n");
  const auto again = parse_record(record.to_text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->value("ccert_subject"), "CN=a=b");
  EXPECT_TRUE(again->has("sender"));
  EXPECT_EQ(again->to_text(), record.to_text());
}

TEST(PolicyRecord, AValueCannotBecomeAnotherAttribute) {
  Record record;
  record.add("helo_name", "x\nclient_address=127.0.0.1\r\n\nrequest=");
  const auto again = parse_record(record.to_text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->attributes().size(), 1u);
  EXPECT_FALSE(again->has("client_address"));
}

TEST(PolicyRecord, TheLastOfTwoCounts) {
  const auto record = parse_record("a=1\na=2\n\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->value("a"), "2");
}

TEST(PolicyRecord, WhatIsMalformed) {
  EXPECT_FALSE(parse_record("no equals sign\n\n"));
  EXPECT_FALSE(parse_record("=no name\n\n"));
  EXPECT_FALSE(parse_record(std::string_view("a=\0b\n\n", 6)));
  EXPECT_FALSE(parse_record("a=1\n\nb=2\n\n"));
  EXPECT_TRUE(parse_record("a=" + std::string(record_line_max - 2, 'x') + "\n\n"));
  EXPECT_FALSE(parse_record("a=" + std::string(record_line_max - 1, 'x') + "\n\n"));
}

TEST(PolicyRecord, AttributesAreBounded) {
  std::string text;
  for (std::size_t i = 0; i < record_attributes_max; ++i) text += "a=1\n";
  EXPECT_TRUE(parse_record(text + "\n"));
  EXPECT_FALSE(parse_record(text + "a=1\n\n"));
  std::string long_text;
  for (std::size_t i = 0; i * 8000 < record_bytes_max + 8000; ++i)
    long_text += "a=" + std::string(7997, 'x') + "\n";
  EXPECT_FALSE(parse_record(long_text + "\n"));
}

Result<std::optional<Record>> next(net::LineStream& lines) { return read_record(lines); }

TEST(PolicyRecord, AConversationIsReadRecordByRecord) {
  test_support::MemoryStream stream("a=1\nb=2\n\n\na=3\r\n\r\n");
  net::LineStream lines(stream);
  lines.set_accept_lf(true);
  auto first = next(lines);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->value("b"), "2");
  auto second = next(lines);
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->value("a"), "3");
  auto end = next(lines);
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST(PolicyRecord, AConversationThatEndsWithinARecordIsMalformed) {
  test_support::MemoryStream stream("a=1\n");
  net::LineStream lines(stream);
  lines.set_accept_lf(true);
  EXPECT_FALSE(next(lines));
}

struct ActionCase {
  const char* text;
  ActionKind kind;
  int code;
  const char* status;
  const char* rest;
};

TEST(PolicyAction, IsReadAsAccess5Says) {
  const ActionCase cases[] = {
      {"OK", ActionKind::ok, 0, "", ""},
      {"200", ActionKind::ok, 0, "", ""},
      {"dunno", ActionKind::dunno, 0, "", ""},
      {"451 4.7.1 Greylisted, come back", ActionKind::reply, 451, "4.7.1", "Greylisted, come back"},
      {"550 4.7.1 of another class", ActionKind::reply, 550, "", "4.7.1 of another class"},
      {"554", ActionKind::reply, 554, "", ""},
      {"REJECT 5.7.1 no", ActionKind::reject, 0, "5.7.1", "no"},
      {"defer_if_permit Service is down", ActionKind::defer_if_permit, 0, "", "Service is down"},
      {"PREPEND X-Grey: 3 s", ActionKind::prepend, 0, "", "X-Grey: 3 s"},
      {"PREPEND", ActionKind::unknown, 0, "", "PREPEND"},
      {"REDIRECT a@b.test", ActionKind::redirect, 0, "", "a@b.test"},
      {"hold", ActionKind::hold, 0, "", ""},
      {"FILTER smtp:[1.2.3.4]", ActionKind::unknown, 0, "", "FILTER smtp:[1.2.3.4]"},
      {"", ActionKind::unknown, 0, "", ""},
  };
  for (const auto& one : cases) {
    const auto action = parse_action(one.text);
    EXPECT_EQ(action.kind, one.kind) << one.text;
    EXPECT_EQ(action.code, one.code) << one.text;
    EXPECT_EQ(action.status ? to_string(*action.status) : "", one.status) << one.text;
    EXPECT_EQ(action.text, one.rest) << one.text;
  }
}

TEST(PolicyAction, ItsTextIsOnePrintableLine) {
  EXPECT_EQ(parse_action("REJECT a\x01z").text, "a\\x01z");
  EXPECT_LE(parse_action("REJECT " + std::string(5000, 'x')).text.size(), action_text_max);
}

TEST(PolicyAction, AnAnswerWithoutActionIsUnknown) {
  EXPECT_EQ(action_of(Record()).kind, ActionKind::unknown);
}

}  // namespace
}  // namespace tubepost::policy
