#include <sys/stat.h>

#include <map>
#include <random>
#include <set>

#include "imap/search_text.h"
#include "imap/structure_cache.h"
#include "unit/deliver/fixture.h"

namespace tubepost::deliver::test {
namespace {

const std::string text = "Subject: hi\r\n\r\nhello\r\n";

TEST(Worker, DeliversAJobAndAnswersIt) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  worker.give(job(id, 7, "bob@example.test"));
  const auto answer = worker.answer();
  EXPECT_EQ(answer.get_or("id", ""), id.to_text());
  EXPECT_EQ(answer.get_or("recipient", ""), "7");
  EXPECT_EQ(answer.get_or("status", ""), "delivered");
  EXPECT_EQ(answer.get_or("code", ""), "2.0.0");
  EXPECT_EQ(worker.end(), 0);
  EXPECT_EQ(instance.mail_of("bob@example.test"),
            std::vector<std::string>{
                "Return-Path: <sender@remote.example>\r\nDelivered-To: bob@example.test\r\n|" + text});
}

TEST(Worker, KeepsBesideAMessageWhatImapAsks) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  EXPECT_EQ(worker.answer().get_or("status", ""), "delivered");
  EXPECT_EQ(worker.end(), 0);
  const auto account = *instance.directory().find_account(*smtp::parse_mailbox("bob@example.test"));
  auto store = instance.store();
  const auto box = *store.open_mailbox(account->id, "INBOX");
  int seen = 0;
  const auto visit = [&](const mailstore::Scanned& scanned) {
    ++seen;
    EXPECT_EQ(scanned.structure, imap::make_structure(text));
    EXPECT_EQ(scanned.text, imap::make_search_text(text));
    return true;
  };
  const auto rest =
      store.scan({account->id, box.id}, mailstore::UidSet::all(), mailstore::With::texts, visit);
  EXPECT_TRUE(rest.has_value());
  EXPECT_EQ(seen, 1);
}

TEST(Worker, AnswersInTheOrderOfTheJobs) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  std::string all;
  for (std::uint32_t i = 0; i < 300; ++i)
    all += job(id, i, i % 3 == 0 ? "nobody-here@example.test" : "bob@example.test").to_text();
  worker.give_text(all);
  for (std::uint32_t i = 0; i < 300; ++i) {
    const auto answer = worker.answer();
    ASSERT_EQ(answer.get_or("recipient", ""), std::to_string(i));
    ASSERT_EQ(answer.get_or("status", ""), i % 3 == 0 ? "failed" : "delivered");
  }
  EXPECT_EQ(worker.end(), 0);
  EXPECT_TRUE(instance.check_store().empty());
}

TEST(Worker, AnswersBeforeTheNextJobComes) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  for (std::uint32_t i = 0; i < 3; ++i) {
    worker.give(job(id, i, "bob@example.test"));
    EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  }
}

TEST(Worker, GoneAndSuspendedAccountsFail) {
  Instance instance;
  const auto id = instance.spool_message(text);
  Instance::must(instance.directory(true).set_account("carol@example.test", {{"suspended", "yes"}}));
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "carol@example.test"));
  worker.give(job(id, 1, "gone@example.test"));
  worker.give(job(id, 2, "no address at all"));
  EXPECT_EQ(worker.verdict(), "failed 5.2.1");
  EXPECT_EQ(worker.verdict(), "failed 5.1.1");
  EXPECT_EQ(worker.verdict(), "failed 5.1.1");
}

TEST(Worker, AFullMailboxIsDeferredOrFailedBySetting) {
  Instance instance;
  const auto id = instance.spool_message(text);
  Instance::must(instance.directory(true).set_account("bob@example.test", {{"quota-messages", "1"}}));
  {
    WorkerProcess worker(instance);
    worker.give(job(id, 0, "bob@example.test"));
    worker.give(job(id, 1, "bob@example.test"));
    EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
    EXPECT_EQ(worker.verdict(), "deferred 4.2.2");
    EXPECT_EQ(worker.end(), 0);
  }
  WorkerProcess worker(instance, true);
  worker.give(job(id, 1, "bob@example.test"));
  EXPECT_EQ(worker.verdict(), "failed 5.2.2");
}

TEST(Worker, ABodyThatIsGoneIsDeferredWithASentence) {
  Instance instance;
  WorkerProcess worker(instance);
  instance.spool_message(text);
  worker.give(job(spool::SpoolId::make(instance.clock), 0, "bob@example.test"));
  const auto answer = worker.answer();
  EXPECT_EQ(answer.get_or("status", ""), "deferred");
  EXPECT_FALSE(answer.get_or("text", "").empty());
}

TEST(Worker, TheDetailIsKeptInTheHead) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  auto record = process::Record();
  record.set("id", id.to_text())
      .set("recipient", "0")
      .set("mailbox", "bob@example.test")
      .set("detail", "lists");
  worker.give(record);
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  EXPECT_EQ(worker.end(), 0);
  EXPECT_EQ(
      instance.mail_of("bob@example.test").at(0),
      "Return-Path: <>\r\nDelivered-To: bob@example.test\r\nX-Original-To: bob+lists@example.test\r\n|" +
          text);
}

TEST(Worker, AMessageThatCameBackFailsAsALoop) {
  Instance instance;
  const auto id = instance.spool_message("Delivered-To: Bob@example.test\r\n" + text);
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  worker.give(job(id, 1, "alice@example.test"));
  EXPECT_EQ(worker.verdict(), "failed 5.4.6");
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
}

TEST(Worker, LinksALargeBodyFromTheSpool) {
  Instance instance;
  const auto id = instance.spool_message(text + std::string(5000, 'x') + "\r\n");
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  worker.give(job(id, 1, "alice@example.test"));
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  EXPECT_EQ(worker.end(), 0);
  struct stat status {};
  ASSERT_EQ(::stat(std::string(instance.spool().body(id)->path()).c_str(), &status), 0);
  EXPECT_EQ(status.st_nlink, 3U);
  EXPECT_TRUE(instance.check_store().empty());
}

TEST(Worker, AJobThatComesAgainIsAnsweredTheSame) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  const auto first = worker.answer().to_text();
  worker.give(job(id, 0, "bob@example.test"));
  EXPECT_EQ(worker.answer().to_text(), first);
  EXPECT_EQ(worker.end(), 0);
  EXPECT_EQ(instance.mail_of("bob@example.test").size(), 1U);
}

TEST(Worker, ForgetsOutcomesWithoutAnAnswer) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  worker.give_text("forget=" + id.to_text() + "/0\nforget=" + id.to_text() + "/9\n\n");
  EXPECT_EQ(worker.end(), 0);
  EXPECT_FALSE(worker.next_answer());
  auto store = instance.store();
  EXPECT_EQ(*store.forget_outcomes({{id, 0}}), 0U) << "forgotten already";
}

TEST(Worker, EndsAtTheEndOfItsInput) {
  Instance instance;
  WorkerProcess worker(instance);
  EXPECT_EQ(worker.end(), 0);
}

TEST(Worker, EndsOnSigtermAfterAnsweringWhatItHas) {
  Instance instance;
  const auto id = instance.spool_message(text);
  WorkerProcess worker(instance);
  worker.give(job(id, 0, "bob@example.test"));
  EXPECT_EQ(worker.verdict(), "delivered 2.0.0");
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0);
}

TEST(Worker, StopsAtWhatIsNoJob) {
  for (const char* nonsense :
       {"id=x\n\n", "forget=nonsense\n\n", "mailbox=bob@example.test\n\n", "no equals sign\n\n"}) {
    Instance instance;
    WorkerProcess worker(instance);
    worker.give_text(nonsense);
    EXPECT_EQ(worker.wait(), 65) << nonsense;
  }
}

// ---- kill -9 at random times: every job is given until it is answered, and is in its mailbox exactly once

class Storm {
public:
  explicit Storm(Instance& instance) : instance_(instance) {
    std::vector<std::string> bodies;
    for (int i = 0; i < messages; ++i)
      bodies.push_back("Subject: " + std::to_string(i) + "\r\n\r\n" +
                       std::string(i % 5 == 0 ? 4000 : 50, 'x') + "\r\n");
    for (const auto& id : instance.spool_messages(bodies))
      for (std::uint32_t recipient = 0; recipient < 3; ++recipient) open_.insert({id.to_text(), recipient});
  }

  // Gives all that is open, takes some answers, kills.
  void round(std::mt19937& random) {
    WorkerProcess worker(instance_);
    std::string all;
    for (const auto& [id, recipient] : open_)
      all += job(*spool::SpoolId::parse(id), recipient, mailboxes[recipient]).to_text();
    worker.give_text(all);
    auto answers = random() % (open_.size() + 2);
    while (answers-- > 0 && !open_.empty()) {
      const auto answer = worker.next_answer();
      if (!answer) break;
      if (answer->get_or("status", "") == "delivered")
        open_.erase({std::string(answer->get_or("id", "")),
                     *parse_number<std::uint32_t>(answer->get_or("recipient", ""))});
    }
    ::usleep(static_cast<useconds_t>(random() % 4000));
    worker.kill();
  }
  bool done() const { return open_.empty(); }

  static constexpr int messages = 120;
  static constexpr std::array<const char*, 3> mailboxes{"alice@example.test", "bob@example.test",
                                                        "carol@example.test"};

private:
  Instance& instance_;
  std::set<std::pair<std::string, std::uint32_t>> open_;
};

TEST(Worker, KilledAtAnyTimeDeliversExactlyOnce) {
  Instance instance;
  Storm storm(instance);
  std::mt19937 random(11);
  int rounds = 0;
  for (; !storm.done(); ++rounds) {
    ASSERT_LT(rounds, 500);
    storm.round(random);
  }
  EXPECT_GT(rounds, 1);
  for (const char* mailbox : Storm::mailboxes) {
    std::multiset<std::string> subjects;
    for (const auto& mail : instance.mail_of(mailbox)) {
      const auto body = mail.substr(mail.find('|') + 1);
      subjects.insert(body.substr(0, body.find('\r')));
    }
    EXPECT_EQ(subjects.size(), static_cast<std::size_t>(Storm::messages)) << mailbox;
    EXPECT_EQ(std::set(subjects.begin(), subjects.end()).size(), subjects.size()) << mailbox;
  }
  for (const auto& finding : instance.check_store())
    EXPECT_NE(finding.find("a file that no message has"), std::string::npos) << finding;
}

}  // namespace
}  // namespace tubepost::deliver::test
