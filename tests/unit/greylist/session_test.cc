#include "greylist/session.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::greylist {
namespace {

using test_support::MemoryStream;

class GreylistSession : public testing::Test {
protected:
  GreylistSession()
      : settings_(config::defaults(folder_.path())),
        live_({folder_.path(), {}, {}, nullptr}, settings_, logger_),
        rule_(live_, *Parameters::of(*settings_), logger_),
        store_(std::move(*Store::open(folder_.path() + "/greylist", clock_))) {}

  std::string talk(const std::string& input, Durability durability = Durability::before_answer) {
    MemoryStream stream(input);
    converse({*store_, rule_, logger_, durability}, stream);
    return stream.output;
  }
  static std::string request(const std::string& client = "192.0.2.7") {
    return "request=smtpd_access_policy\nclient_address=" + client +
           "\nsender=a@b.test\nrecipient=c@d.test\n\n";
  }

  test_support::TemporaryFolder folder_;
  ManualClock clock_;
  log::Logger logger_{"greylist", log::Level::error, log::Format::logfmt};
  std::shared_ptr<const config::Settings> settings_;
  config::LiveSettings live_;
  Rule rule_;
  std::unique_ptr<Store> store_;
};

TEST_F(GreylistSession, AStrangerGets451AndLaterDunno) {
  EXPECT_EQ(talk(request()),
            "action=451 4.7.1 Greylisted: not seen before, please try again in 60 minutes\n\n");
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(talk(request() + request()), "action=dunno\n\naction=dunno\n\n");
}

TEST_F(GreylistSession, OnStdioTheRecordIsOnDiskBeforeTheAnswer) {
  talk(request());
  EXPECT_FALSE(store_->has_waiting());
  talk(request("192.0.2.8"), Durability::soon);
  EXPECT_TRUE(store_->has_waiting());
}

TEST_F(GreylistSession, WhatIsNoRequestEndsTheConversation) {
  EXPECT_EQ(talk("GET / HTTP/1.0\n\n" + request()), "");
  EXPECT_EQ(talk(request().substr(0, 30)), "") << "cut off";
}

TEST_F(GreylistSession, ARequestThatIsNotOursIsAnswered) {
  EXPECT_EQ(
      talk("request=junk\n\n" + request()),
      "action=dunno\n\naction=451 4.7.1 Greylisted: not seen before, please try again in 60 minutes\n\n");
}

TEST_F(GreylistSession, TheReplyCodeIsASetting) {
  auto changed =
      config::load_text({folder_.path(), {}, {}, nullptr}, "[greylist]\nreply-code = 452\nblock = 30s\n");
  ASSERT_TRUE(changed.settings);
  config::LiveSettings live({folder_.path(), {}, {}, nullptr}, changed.settings, logger_);
  Rule rule(live, *Parameters::of(*changed.settings), logger_);
  policy::Record record = *policy::parse_record(request());
  EXPECT_EQ(answer({*store_, rule, logger_, Durability::soon}, record),
            "452 4.7.1 Greylisted: not seen before, please try again in 1 minute");
}

TEST_F(GreylistSession, ABlockNotShorterThanThePendingLifeIsAConfigurationError) {
  for (const auto& [text, right] : {std::pair{"[greylist]\nblock = 4h\n", false},
                                    {"[greylist]\nblock = 239m\n", true},
                                    {"[greylist]\nblock = 10m\npending = 600\n", false},
                                    {"[greylist]\nblock = 0\n", true}}) {
    const auto loaded = config::load_text({folder_.path(), {}, {}, nullptr}, text);
    ASSERT_TRUE(loaded.settings) << text;
    const auto parameters = Parameters::of(*loaded.settings);
    EXPECT_EQ(parameters.has_value(), right) << text;
    if (!parameters) {
      EXPECT_EQ(parameters.error().status.subject, 3) << "exit 78";
    }
  }
}

}  // namespace
}  // namespace tubepost::greylist
