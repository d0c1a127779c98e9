#include "mailq/format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "base/json.h"

namespace tubepost::mailq {
namespace {

spool::Recipient recipient(const std::string& address, spool::State state, const std::string& reason = "") {
  spool::Recipient made;
  made.address = address;
  made.state = state;
  made.reason = reason;
  made.attempts = 2;
  made.next = Timestamp(Milliseconds(1'700'000'300'000));
  return made;
}

spool::Queued queued(const std::vector<spool::Recipient>& recipients) {
  spool::Queued made{spool::SpoolId::from_bytes("0123456789abcdef"), {}, recipients};
  made.envelope.reverse_path = "alice@example.test";
  made.envelope.size = 1234;
  made.envelope.accepted = Timestamp(Milliseconds(1'700'000'000'000));
  return made;
}

class Format : public testing::Test {
protected:
  Format() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  const std::string id = queued({}).id.to_text();
};

TEST_F(Format, AnEntryHasTheCustomaryForm) {
  EXPECT_EQ(list_entry(queued({recipient("bob@example.test", spool::State::deferred, "try later")})),
            id + "      1234 Tue Nov 14 22:13:20 alice@example.test\n" + std::string(30, ' ') +
                "(try later)\n" + std::string(41, ' ') + "bob@example.test\n\n");
}

// Whatever place in the text it has: addresses are looked at eight bytes at a time.
TEST_F(Format, NoByteThatIsNoPrintableAsciiIsShownAsItIs) {
  for (const char bad : {'\0', '\x1f', '\n', '\x7f', '\x80', '\xff'})
    for (std::size_t at = 0; at < 20; ++at) {
      std::string address(20, '~');
      address[at] = bad;
      const std::string entry = list_entry(queued({recipient(address, spool::State::deferred)}));
      EXPECT_EQ(entry.find(address), std::string::npos) << entry;
      EXPECT_NE(entry.find(std::string(at, '~') + "\\x"), std::string::npos) << entry;
    }
  const std::string all_printable = " !09AZ[`az{|}~ ~";
  EXPECT_NE(list_entry(queued({recipient(all_printable, spool::State::deferred)})).find(all_printable + "\n"), std::string::npos);
}

TEST_F(Format, TheArrivalIsWrittenAsStrftimeWouldDoIt) {
  for (const std::time_t time : {0L, 951'782'400L, 1'700'000'000L, 1'709'251'199L, 4'102'444'799L}) {
    spool::Queued one = queued({recipient("b@x", spool::State::queued)});
    one.envelope.accepted = Timestamp(std::chrono::seconds(time));
    char wanted[40];
    std::tm parts{};
    std::strftime(wanted, sizeof wanted, " %a %b %e %H:%M:%S alice", ::localtime_r(&time, &parts));
    EXPECT_NE(list_entry(one).find(wanted), std::string::npos) << list_entry(one);
  }
}

TEST_F(Format, MarksWhatIsInDeliveryAndWhatIsHeld) {
  EXPECT_NE(list_entry(queued({recipient("b@x", spool::State::working)})).find(id + "* "), std::string::npos);
  EXPECT_NE(list_entry(queued({recipient("b@x", spool::State::held)})).find(id + "! "), std::string::npos);
}

TEST_F(Format, TheSameReasonIsGivenOnce) {
  const std::string entry = list_entry(queued(
      {recipient("a@x", spool::State::deferred, "busy"), recipient("b@x", spool::State::deferred, "busy")}));
  EXPECT_EQ(entry.find("(busy)"), entry.rfind("(busy)"));
}

TEST_F(Format, ARefusalThatIsKnownHasAdviceAndItsWebAddress) {
  const std::string reason =
      "mx.example.net[192.0.2.1]:25 said: 450 4.7.25 no reverse DNS, see https://example.net/why";
  const auto known = queued({recipient("bob@example.net", spool::State::deferred, reason)});
  for (const std::string& text : {list_entry(known), details(known), to_json(known)}) {
    EXPECT_NE(text.find("needs a reverse name (PTR)"), std::string::npos) << text;
    EXPECT_NE(text.rfind("https://example.net/why"), text.find("https://example.net/why")) << text;
  }
  EXPECT_NE(to_json(known).find("\"advice\": \""), std::string::npos);
  EXPECT_EQ(to_json(queued({recipient("b@x", spool::State::deferred, "nobody answers")})).find("advice"),
            std::string::npos);
}

TEST_F(Format, TheLastLineCounts) {
  Totals totals;
  EXPECT_EQ(list_totals(totals, false), "Mail queue is empty\n");
  EXPECT_EQ(list_totals(totals, true), "-- 0 messages, 0 recipients, 0 bytes\n");
  totals.add(queued({recipient("a@x", spool::State::queued), recipient("b@x", spool::State::queued)}));
  EXPECT_EQ(list_totals(totals, false), "-- 1 messages, 2 recipients, 1234 bytes\n");
}

TEST_F(Format, JsonHasTheKeysThatScriptsRelyOn) {
  EXPECT_EQ(
      to_json(queued({recipient("bob@example.test", spool::State::deferred, "try \"later\"")})),
      "{\"id\": \"" + id +
          "\", \"sender\": \"alice@example.test\", \"size\": 1234, \"queued\": \"2023-11-14T22:13:20.000Z\", "
          "\"state\": \"deferred\", \"recipients\": [{\"address\": \"bob@example.test\", \"state\": "
          "\"deferred\", "
          "\"attempts\": 2, \"next\": \"2023-11-14T22:18:20.000Z\", \"reason\": \"try \\\"later\\\"\"}]}");
}

TEST_F(Format, WhatIsHeldHasNoNextTime) {
  EXPECT_NE(to_json(queued({recipient("b@x", spool::State::held)})).find("\"next\": null"),
            std::string::npos);
}

TEST_F(Format, AnOperatorsWishIsShown) {
  spool::Recipient wished = recipient("b@x", spool::State::working);
  wished.wish = spool::Wish::drop;
  EXPECT_NE(to_json(queued({wished})).find("in delivery, will be dropped"), std::string::npos);
}

TEST_F(Format, BytesThatAreNoTextBecomePrintable) {
  spool::Queued hostile = queued({recipient("a\x1b[31m\xff@x", spool::State::queued, "line\nbreak")});
  hostile.envelope.reverse_path = "a\r\n\"b\"";
  for (const std::string& text : {to_json(hostile), list_entry(hostile), details(hostile)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
    EXPECT_EQ(text.find('\r'), std::string::npos);
  }
  EXPECT_NE(to_json(hostile).find("\\\"b\\\""), std::string::npos);
}

TEST_F(Format, TheMostUrgentRecipientDecidesTheStateOfTheMessage) {
  EXPECT_EQ(state_of(queued({recipient("a@x", spool::State::held), recipient("b@x", spool::State::working)})),
            spool::State::working);
  EXPECT_EQ(
      state_of(queued({recipient("a@x", spool::State::held), recipient("b@x", spool::State::deferred)})),
      spool::State::deferred);
  EXPECT_EQ(state_of(queued({recipient("a@x", spool::State::failed)})), spool::State::failed);
}

TEST_F(Format, ATraceLineBeginsWithItsTime) {
  EXPECT_EQ(trace_line({Timestamp(Milliseconds(1'700'000'000'000)), "accepted", "size=5"}),
            "2023-11-14T22:13:20.000Z accepted size=5\n");
}

TEST(Lf, ReplacesCrlfAndNothingElse) { EXPECT_EQ(with_lf("a\r\nb\r\r\nc\rd\r"), "a\nb\r\nc\rd\r"); }

TEST(Json, EscapesWhatItMust) {
  EXPECT_EQ(json_string("a\"\\\n\x01"), "\"a\\\"\\\\\\u000a\\u0001\"");
  EXPECT_EQ(json_string("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\"");
}

}  // namespace
}  // namespace tubepost::mailq
