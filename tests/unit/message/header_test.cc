#include "message/header.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

using namespace std::string_view_literals;

// "Name=value|Name=value" of what a reader gives.
std::string fields_of(std::string_view message, HeaderMode mode = HeaderMode::tolerant) {
  std::string all;
  HeaderReader reader(message, mode);
  while (const auto field = reader.next())
    all += (all.empty() ? "" : "|") + std::string(field->name) + '=' + unfold(field->value);
  return all;
}

struct HeaderCase {
  std::string_view message, tolerant, strict;
  const char* why;
};

TEST(HeaderReader, GivesFieldsAsTheyStand) {
  const HeaderCase cases[] = {
      {"A: 1\r\nB: 2\r\n\r\nC: 3\r\n", "A=1|B=2", "A=1|B=2", "up to the empty line"},
      {"A:1\r\n", "A=1", "A=1", "no empty line at all: RFC 5322 3.5"},
      {"A: 1", "A=1", "A=1", "no line end at all"},
      {"A: 1\r\n 2\r\n\t3\r\nB: 4\r\n", "A=1 2\t3|B=4", "A=1 2\t3|B=4", "folded"},
      {"A: 1\r\n \r\nB: 2\r\n", "A=1|B=2", "A=1|B=2", "RFC 5322 4.2: a continuation of blanks"},
      {"A:\r\nB: \r\n", "A=|B=", "A=|B=", "empty values"},
      {"A : 1\r\n", "A=1", "A=1", "RFC 5322 4.5.8: blank before the colon"},
      {"A: b: c\r\n", "A=b: c", "A=b: c", "a colon in the value"},
      {"A: 1\nB: 2\n\nC: 3\n", "A=1|B=2", "A=1\nB: 2\n\nC: 3", "LF alone is no line end, strictly"},
      {"\r\nA: 1\r\n", "", "", "no header"},
      {"", "", "", "nothing"},
      {"A: 1\r\nnonsense\r\nB: 2\r\n", "A=1|B=2", "A=1", "a line that is no field"},
      {" A: 1\r\nB: 2\r\n", "B=2", "", "a continuation of nothing"},
      {"From joe Sat Nov 21 02:08:17 2026\r\nA: 1\r\n", "A=1", "", "a line of an mbox file"},
      {":1\r\nB: 2\r\n", "B=2", "", "no name"},
      {"A\xC3\xA4: 1\r\nB: 2\r\n", "B=2", "", "a name beyond ASCII"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(fields_of(c.message), c.tolerant) << c.why;
    EXPECT_EQ(fields_of(c.message, HeaderMode::strict), c.strict) << c.why;
  }
}

TEST(HeaderReader, KnowsWhereTheBodyBegins) {
  EXPECT_EQ(body_offset("A: 1\r\n\r\nbody"), 8u);
  EXPECT_EQ(body_offset("A: 1\n\nbody"), 6u);
  EXPECT_EQ(body_offset("\r\nbody"), 2u);
  EXPECT_EQ(body_offset("A: 1\r\n"), 6u);
}

TEST(HeaderReader, NamesTheBrokenLine) {
  HeaderReader reader("A: 1\r\nbroken\r\n folded\r\nB: 2\r\n", HeaderMode::strict);
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_EQ(reader.broken_line(), "broken\r\n");
  EXPECT_FALSE(reader.next().has_value()) << "and stays there";
}

TEST(Header, IsSearchedAndCountedWithoutRegardToCase) {
  const std::string_view message = "Received: a\r\nRECEIVED: b\r\nX: c\r\n\r\nReceived: d\r\n";
  EXPECT_EQ(count_fields(message, "received"), 2u);
  EXPECT_EQ(find_field(message, "Received")->value, "a");
  EXPECT_EQ(find_field(message, "received")->whole, "Received: a\r\n");
  EXPECT_FALSE(find_field(message, "Received2"));
}

struct Judged {
  std::string_view header;
  bool on_submission;
  std::string_view verdict;  // empty: not corrupt
};

TEST(Corruption, IsTheClosedListOfS7) {
  const Judged cases[] = {
      {"From: a@b\r\nTo: c@d\r\n\r\nbody"sv, false, ""sv},
      {"Subject: only\r\n\r\n"sv, false, ""sv},
      {""sv, false, "no header"sv},
      {"\r\nbody\r\n"sv, false, "no header"sv},
      {"\r\nbody\r\n"sv, true, ""sv},  // it is given one
      {"body text\r\n\r\n"sv, false, "no header before: body text"sv},
      {"body text\r\n\r\n"sv, true, "no header before: body text"sv},
      {" folded: x\r\n\r\n"sv, false, "no header before: folded: x"sv},
      {"A: 1\r\nbroken\r\n\r\n"sv, false, "a header line that is no field: broken"sv},
      {"A: 1\r\nB\x01: 1\r\n\r\n"sv, false, "a header line that is no field: B\\x01: 1"sv},
      {"A: \0\r\n\r\n"sv, false, "a NUL in field A"sv},
      {"A: 1\nB: 2\r\n\r\n"sv, false, "CR or LF by itself in field A"sv},
      {"A: 1\rB: 2\r\n\r\n"sv, false, "CR or LF by itself in field A"sv},
      {"A: 1\r\r\n\r\n"sv, false, "CR or LF by itself in field A"sv},
      {"Subject: 1\r\nsubject: 2\r\n\r\n"sv, false, "field subject twice"sv},
      {"Bcc: 1\r\nBcc: 2\r\n\r\n"sv, false, "field Bcc twice"sv},
      {"Message-Id: <1@x>\r\nA: 1\r\nMessage-ID: <2@x>\r\n\r\n"sv, false, "field Message-ID twice"sv},
      {"Received: 1\r\nReceived: 2\r\nReturn-Path: <>\r\nReturn-Path: <>\r\nKeywords: a\r\nKeywords: b\r\n\r\n"sv,
       false, ""sv},
      {"From: \r\n\r\n"sv, false, ""sv},
      {"From: \r\n\r\n"sv, true, "field From names no address"sv},
      {"From: joe\r\n\r\n"sv, true, "field From names no address"sv},
      {"From: \"joe\r\n\r\n"sv, true, "field From names no address"sv},
      {"From: Joe <joe@x>\r\n\r\n"sv, true, ""sv},
      {"From: j\xC3\xB6@x\r\n\r\n"sv, true, ""sv},
      {"Date: nonsense\r\nFrom: a@b\r\n\r\n"sv, true, ""sv},
      {"A: 1\r\n\r\nFrom: a\r\nFrom: b\0\n"sv, false, ""sv},  // the body is not looked at
  };
  for (const auto& c : cases)
    EXPECT_EQ(corruption(c.header, c.on_submission).value_or(""), c.verdict) << c.header;
}

TEST(MissingFields, AreThoseOfRfc6409) {
  const Timestamp now = ManualClock().now();
  EXPECT_EQ(missing_fields("From: a@b\r\nDate: x\r\nMessage-id: <y>\r\n\r\n", "joe@x", "mx.x", now), "");
  const auto all = missing_fields("Subject: x\r\n\r\n", "joe@x", "mx.x", now);
  EXPECT_TRUE(all.starts_with(
      "From: <joe@x>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <20231114221320."))
      << all;
  EXPECT_TRUE(all.ends_with("@mx.x>\r\n")) << all;
  EXPECT_FALSE(corruption(all + "Subject: x\r\n\r\n", true));
  EXPECT_TRUE(missing_fields("\r\n", "", "mx.x", now).starts_with("From: <MAILER-DAEMON@mx.x>\r\n"));
}

TEST(MessageId, IsNeverTheSame) {
  EXPECT_NE(make_message_id("x", ManualClock().now()), make_message_id("x", ManualClock().now()));
}

TEST(Unfold, RemovesOnlyLineEndsBeforeBlanks) {
  EXPECT_EQ(unfold("a\r\n b\n\tc"), "a b\tc");
  EXPECT_EQ(unfold("a\r\nb"), "a\r\nb");
  EXPECT_EQ(unfold("a\r\n"), "a\r\n");
}

}  // namespace
}  // namespace tubepost::message
