#include "mxsend/letter.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tubepost::mxsend {
namespace {

// What became of a message for a server with these extensions: its status, or "ok".
class Letter : public testing::Test {
protected:
  Letter() {
    job_.id = spool::SpoolId::make(ManualClock());
    job_.sender = "a@x.test";
    job_.recipients = {{1, "", "", "b@y.test"}};
    able_.esmtp = able_.eight_bit_mime = able_.smtputf8 = able_.chunking = able_.dsn = true;
  }
  std::string outcome(const std::string& content, const smtp::Extensions& extensions) {
    text_ = content;
    auto made = prepare(job_, {0}, Content::of(text_), extensions);
    if (!made) return to_string(made.error().status);
    prepared_ = std::move(*made);
    return "ok";
  }
  std::string_view sent() const { return prepared_->letter.content; }
  relay::Job job_;
  smtp::Extensions able_, poor_;
  std::string text_;
  std::unique_ptr<Prepared> prepared_;
};

TEST_F(Letter, IsNotTouchedWhereNothingIsInTheWay) {
  const std::string content = "Subject: x\r\n\r\nbody\r\n";
  EXPECT_EQ(outcome(content, poor_), "ok");
  EXPECT_EQ(sent(), content);
  EXPECT_FALSE(prepared_->letter.eight_bit);
}

TEST_F(Letter, Goes8BitToWhoTakesIt) {
  EXPECT_EQ(outcome("Subject: x\r\n\r\n\xc3\xb6\r\n", able_), "ok");
  EXPECT_TRUE(prepared_->letter.eight_bit);
  EXPECT_EQ(sent(), text_);
}

TEST_F(Letter, IsConvertedForWhoTakesSevenBits) {
  EXPECT_EQ(outcome("MIME-Version: 1.0\r\nContent-Type: text/plain; "
                    "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
                    "\r\n\xc3\xb6\r\n",
                    poor_),
            "ok");
  EXPECT_EQ(sent(),
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
            "quoted-printable\r\n"
            "\r\n=C3=B6\r\n");
  EXPECT_FALSE(prepared_->letter.eight_bit);
}

TEST_F(Letter, IsNeverConvertedWhereItIsSigned) {
  const std::string body = "\r\n\xc3\xb6\r\n";
  for (const char* header : {"DKIM-Signature: v=1; a=x\r\n", "Content-Type: multipart/signed; boundary=b\r\n",
                             "Content-Type: application/pkcs7-mime\r\n", "ARC-Message-Signature: i=1\r\n"}) {
    EXPECT_EQ(outcome(header + body, poor_), "5.6.3") << header;
    EXPECT_EQ(outcome(header + body, able_), "ok") << header;
    EXPECT_EQ(sent(), header + body);
  }
}

TEST_F(Letter, WithUtf8InALocalPartNeedsSmtputf8) {
  job_.smtputf8 = true;
  job_.recipients[0].address = "\xc3\xb6@y.test";
  EXPECT_EQ(outcome("Subject: x\r\n\r\n", poor_), "5.6.7");
  EXPECT_EQ(outcome("Subject: x\r\n\r\n", able_), "ok");
  EXPECT_TRUE(prepared_->letter.smtputf8);
}

TEST_F(Letter, WritesADomainInALabelsForWhoHasNoSmtputf8) {
  job_.smtputf8 = true;
  job_.recipients[0].address =
      "b@b\xc3\xbc"
      "cher.test";
  EXPECT_EQ(outcome("Subject: x\r\n\r\n", poor_), "ok");
  EXPECT_EQ(prepared_->letter.recipients.at(0).address, "b@xn--bcher-kva.test");
  EXPECT_FALSE(prepared_->letter.smtputf8);
}

TEST_F(Letter, AsksForSmtputf8WhereAnAddressNeedsIt) {
  job_.recipients[0].address =
      "b@b\xc3\xbc"
      "cher.test";
  EXPECT_EQ(outcome("Subject: x\r\n\r\n", able_), "ok");
  EXPECT_TRUE(prepared_->letter.smtputf8);
}

TEST_F(Letter, WithUtf8InItsHeaderNeedsSmtputf8) {
  job_.smtputf8 = true;
  EXPECT_EQ(outcome("Subject: \xc3\xb6\r\n\r\n", poor_), "5.6.7");
}

TEST_F(Letter, IsMendedOrCountedWhereItHasBareLineEnds) {
  EXPECT_EQ(outcome("A: b\r\n\r\nx\n.\ry\r\n", poor_), "ok");
  EXPECT_EQ(sent(), "A: b\r\n\r\nx\r\n.\r\ny\r\n");
  EXPECT_EQ(outcome("A: b\r\n\r\nx\n.\ry\r\n", able_), "ok");
  EXPECT_TRUE(prepared_->letter.by_chunks);
  EXPECT_EQ(sent(), text_);
}

TEST_F(Letter, WithNulNeedsChunks) {
  const std::string content("A: b\r\n\r\n\0\r\n", 11);
  EXPECT_EQ(outcome(content, poor_), "5.6.3");
  EXPECT_EQ(outcome(content, able_), "ok");
}

TEST_F(Letter, ThatIsTooLargeFailsBeforeItIsSent) {
  auto small = able_;
  small.size_max = 10;
  EXPECT_EQ(outcome("1234567890", small), "ok");
  EXPECT_EQ(outcome("12345678901", small), "5.3.4");
}

TEST_F(Letter, ThatMustGoByTlsNeedsAServerThatKnowsSo) {
  job_.require_tls = true;
  EXPECT_EQ(outcome("A: b\r\n\r\n", able_), "5.7.30");
  able_.require_tls = true;
  EXPECT_EQ(outcome("A: b\r\n\r\n", able_), "ok");
  EXPECT_TRUE(prepared_->letter.require_tls);
}

class Hurried : public Letter {
protected:
  std::string by(spool::DeliverByMode mode, bool knows, std::uint64_t least = 0,
                 Milliseconds left = Milliseconds(90'500)) {
    const Timestamp now(Milliseconds(1'700'000'000'000));
    job_.deliver_by = spool::DeliverBy{now + left, mode, false};
    smtp::Extensions extensions;
    extensions.deliver_by = knows;
    extensions.deliver_by_min = least;
    const auto made = prepare(job_, {0}, Content::of("Subject: x\r\n\r\nx\r\n"), extensions, now);
    return made ? (*made)->letter.by : to_string(made.error().status);
  }
};

TEST_F(Hurried, WhatIsLeftOfTheTimeIsPassedOn) {
  EXPECT_EQ(by(spool::DeliverByMode::give_back, true), "90;R");
  EXPECT_EQ(by(spool::DeliverByMode::notify, true), "90;N");
  EXPECT_EQ(by(spool::DeliverByMode::notify, true, 0, Milliseconds(-2'500)), "-3;N")
      << "late, and told of already";
}

TEST_F(Hurried, WhoDoesNotKnowOfTheTimeIsAskedToTellOfDelays) {
  const auto asked = [&](const char* notify, bool knows) {
    job_.recipients.at(0).notify = notify;
    job_.deliver_by = spool::DeliverBy{Timestamp(Milliseconds(90'000)), spool::DeliverByMode::notify, false};
    smtp::Extensions extensions;
    extensions.deliver_by = knows;
    const auto made = prepare(job_, {0}, Content::of("A: b\r\n\r\nx\r\n"), extensions, Timestamp());
    return (*made)->letter.recipients.at(0).notify;
  };
  EXPECT_EQ(asked("", false), "FAILURE,DELAY");
  EXPECT_EQ(asked("SUCCESS", false), "SUCCESS,DELAY");
  EXPECT_EQ(asked("delay", false), "delay");
  EXPECT_EQ(asked("NEVER", false), "NEVER");
  EXPECT_EQ(asked("", true), "");
  EXPECT_EQ(asked("SUCCESS", true), "SUCCESS");
}

TEST_F(Hurried, WhatIsToBeGivenBackGoesOnlyToWhoWillGiveItBackInTime) {
  EXPECT_EQ(by(spool::DeliverByMode::give_back, false), "5.4.7");
  EXPECT_EQ(by(spool::DeliverByMode::give_back, true, 91), "5.4.7");
  EXPECT_EQ(by(spool::DeliverByMode::give_back, true, 90), "90;R");
  EXPECT_EQ(by(spool::DeliverByMode::give_back, true, 0, Milliseconds(500)), "5.4.7");
  EXPECT_EQ(by(spool::DeliverByMode::notify, false), "");
}

}  // namespace
}  // namespace tubepost::mxsend
