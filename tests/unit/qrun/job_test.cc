#include "qrun/job.h"

#include <gtest/gtest.h>

#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

TEST(Job, IsARecordWithWhatDeliverNeeds) {
  Job bob = job("bob@example.test", 7);
  bob.detail = "list";
  bob.claim.recipient.original = "team@example.test";
  EXPECT_EQ(to_record(bob).to_text(),
            "id=" + bob.claim.id.to_text() +
                "\nrecipient=7\nmailbox=bob@example.test\ndetail=list\n"
                "original=team@example.test\nsender=x@remote.example\nattempts=1\n\n");
}

process::Record answer(const std::string& status, const std::string& code) {
  process::Record record;
  return record.set("id", job("a@b.test").claim.id.to_text())
      .set("recipient", "7")
      .set("status", status)
      .set("code", code)
      .set("text", "a\nb");
}

TEST(Answer, IsReadFromARecord) {
  const auto read = parse_answer(answer("failed", "5.2.2"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, (JobKey{job("a@b.test").claim.id, 7}));
  EXPECT_EQ(read->status, Answer::Status::failed);
  EXPECT_EQ(read->code, (EnhancedStatus{5, 2, 2}));
  EXPECT_EQ(read->text.find('\n'), std::string::npos);
}

TEST(Answer, ACodeOfAnotherClassIsNotBelieved) {
  EXPECT_EQ(parse_answer(answer("deferred", "5.2.2"))->code, (EnhancedStatus{4, 0, 0}));
  EXPECT_EQ(parse_answer(answer("delivered", ""))->code, (EnhancedStatus{2, 0, 0}));
}

TEST(Answer, NeedsIdRecipientAndStatus) {
  EXPECT_FALSE(parse_answer({}));
  EXPECT_FALSE(parse_answer(answer("perhaps", "2.0.0")));
  process::Record no_number;
  EXPECT_FALSE(
      parse_answer(no_number.set("id", job("a@b.test").claim.id.to_text()).set("status", "delivered")));
}

TEST(Forget, KeepsToTheLimitOfFields) {
  const std::vector<JobKey> keys(450, job("a@b.test", 1).key());
  const auto records = forget_records(keys);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[2].fields().size(), 50U);
  EXPECT_EQ(records[0].get("forget"), keys[0].id.to_text() + "/1");
  EXPECT_TRUE(forget_records({}).empty());
}

}  // namespace
}  // namespace tubepost::qrun
