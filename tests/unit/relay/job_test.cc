#include "relay/job.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tubepost::relay {
namespace {

Job some_job() {
  const ManualClock clock;
  Job job;
  job.id = spool::SpoolId::make(clock);
  job.route = "host:mx.example.test:25";
  job.domain = "example.test";
  job.sender = "a@sender.test";
  job.envid = "env 1%";
  job.ret = "HDRS";
  job.body = spool::BodyType::eight_bit_mime;
  job.smtputf8 = job.last = true;
  job.recipients = {{7, "SUCCESS,FAILURE", "rfc822;a+2Bb@example.test", "\"a b\"@example.test"},
                    {9, "", "", "c@example.test"}};
  return job;
}

TEST(RelayJob, IsReadAsItWasWritten) {
  const Job job = some_job();
  const auto read = parse_job(to_record(job));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_record(*read).to_text(), to_record(job).to_text());
  EXPECT_EQ(read->envid, "env 1%");
  EXPECT_EQ(read->recipients.at(0).address, "\"a b\"@example.test");
  EXPECT_EQ(read->recipients.at(1).notify, "");
  EXPECT_TRUE(read->last);
  EXPECT_FALSE(read->require_tls);
}

TEST(RelayJob, SaysUntilWhenItIsToBeDelivered) {
  Job job = some_job();
  job.deliver_by =
      spool::DeliverBy{Timestamp(Milliseconds(1'700'000'123'456)), spool::DeliverByMode::give_back, true};
  const auto read = parse_job(to_record(job));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->deliver_by, job.deliver_by);
  for (const char* bad : {"", "1", "1;", "x;R", "-1;R", "1;X", "1;RX"}) {
    auto record = to_record(some_job());
    record.set("by", bad);
    EXPECT_FALSE(parse_job(record)) << bad;
  }
}

TEST(RelayJob, WithoutARecipientIsNone) {
  Job job = some_job();
  job.recipients.clear();
  EXPECT_FALSE(parse_job(to_record(job)));
}

TEST(RelayJob, HasAHundredRecipientsAtMost) {
  Job job = some_job();
  job.recipients.assign(recipients_max, {1, "", "", "x@example.test"});
  EXPECT_TRUE(parse_job(to_record(job)));
  job.recipients.push_back({2, "", "", "y@example.test"});
  EXPECT_FALSE(parse_job(to_record(job)));
}

TEST(RelayJob, IsRefusedWhereAWordIsMissing) {
  for (const char* rcpt : {"", "1", "1 -", "1 - -", "1 - - ", "x - - a@b.test", " 1 - - a@b.test"}) {
    Job job = some_job();
    job.recipients.clear();
    auto record = to_record(job);
    EXPECT_FALSE(parse_job(record.set("rcpt", rcpt))) << rcpt;
  }
}

TEST(RelayAnswer, IsReadAsItWasWritten) {
  Answer answer;
  answer.id = some_job().id;
  answer.trouble = Trouble::session;
  answer.tls = "TLSv1.3";
  answer.deliver_by = true;
  answer.verdicts = {{7, Status::failed, {5, 1, 1}, 550, "mx.example.test[192.0.2.1]:25", "no such user"},
                     {9, Status::deferred, {4, 4, 1}, 0, "", "nobody answers"}};
  const auto news = parse_news(to_record(answer));
  ASSERT_TRUE(news);
  const auto& read = std::get<Answer>(*news);
  EXPECT_EQ(to_record(read).to_text(), to_record(answer).to_text());
  EXPECT_TRUE(read.deliver_by);
  EXPECT_FALSE(read.dsn);
  EXPECT_EQ(read.verdicts.at(0).reply, 550);
  EXPECT_EQ(read.verdicts.at(0).text, "no such user");
  EXPECT_EQ(read.verdicts.at(1).host, "");
}

TEST(RelayNews, TellsPhasesAndIdleness) {
  const auto phase = parse_news(to_record(PhaseNews{some_job().id, Phase::final_dot}));
  ASSERT_TRUE(phase);
  EXPECT_EQ(std::get<PhaseNews>(*phase).phase, Phase::final_dot);
  const auto idle = parse_news(to_record(IdleNews()));
  ASSERT_TRUE(idle);
  EXPECT_TRUE(std::holds_alternative<IdleNews>(*idle));
}

}  // namespace
}  // namespace tubepost::relay
