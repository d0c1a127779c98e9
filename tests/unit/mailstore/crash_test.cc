// What a crash leaves: between the steps of a delivery, and anywhere (kill -9 of writers under load).
#include <signal.h>

#include <fstream>
#include <random>
#include <set>

#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

class CrashAt : public testing::TestWithParam<const char*> {};

// Before the commit nothing is there, after it everything; the job that comes again is delivered once.
TEST_P(CrashAt, TheJobThatComesAgainIsDeliveredOnce) {
  Store store;
  const std::string step = GetParam();
  std::ofstream(store.folder / "spooled") << large;
  const std::vector<Letter> jobs{message("small"),
                                 message("linked").saying(large).from_file(store.folder / "spooled"),
                                 message("copied").saying(large)};
  store.crash_at(step, [&] { store.deliver(jobs); });
  const bool was_committed = step == "committed";
  EXPECT_EQ(store->usage(1)->messages, was_committed ? 3U : 0U);
  for (const auto& done : store.deliver(jobs)) {
    EXPECT_TRUE(done.outcome.delivered);
    EXPECT_EQ(done.again, was_committed);
  }
  EXPECT_EQ(store.texts(), "1:body of small 2:" + large + " 3:" + large);
  EXPECT_TRUE(store.check().empty());
}
INSTANTIATE_TEST_SUITE_P(Step, CrashAt, testing::Values("staged", "linked", "written", "committed"));

TEST(Crash, AFileLinkedAndNotCommittedIsAnOrphanThatCheckFindsAndRemoves) {
  Store store;
  store.crash_at("linked", [&] { store.deliver(message("a").saying(large)); });
  ASSERT_EQ(store.files().size(), 1U);
  ASSERT_EQ(store.check().size(), 1U);
  EXPECT_NE(store.check()[0].find("no message has"), std::string::npos);
  store.check(true);
  EXPECT_TRUE(store.files().empty());
  EXPECT_TRUE(store.check().empty());
}

// ---- kill storms

constexpr std::uint32_t crash_accounts = 3, jobs_per_writer = 120;
constexpr unsigned writers = 2;

Letter job_of(unsigned writer, std::uint32_t number) {
  const auto name = std::to_string(writer) + '-' + std::to_string(number);
  auto letter = message(name).to(1 + number % crash_accounts);
  if (number % 7 == 0) letter.text.resize(3000, 'z');
  return letter;
}

// Delivers its jobs in batches and says on `told` what was acknowledged, as qrun would hear it.
[[noreturn]] void write_until_killed(Store& store, unsigned writer, std::uint32_t from, int told) {
  store.open();
  for (std::uint32_t next = from; next < jobs_per_writer;) {
    std::vector<Letter> batch;
    for (; batch.size() < 5 && next < jobs_per_writer; ++next) batch.push_back(job_of(writer, next));
    if (store.deliver(batch).size() != batch.size()) ::_exit(1);
    if (::write(told, &next, sizeof next) != sizeof next) ::_exit(1);
  }
  ::_exit(0);
}

struct Writer {
  pid_t pid = -1;
  int told = -1;
  std::uint32_t acknowledged = 0;  // all jobs before this one

  void start(Store& store, unsigned number) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid = ::fork();
    if (pid == 0) write_until_killed(store, number, acknowledged, ends[1]);
    ::close(ends[1]);
    told = ends[0];
  }
  // Waits for `acknowledgements` more, then kills it somewhere in its next batch. True: all its work is done.
  bool let_work_and_kill(unsigned acknowledgements, unsigned microseconds) {
    std::uint32_t value = 0;
    while (acknowledgements-- > 0 && ::read(told, &value, sizeof value) == sizeof value) acknowledged = value;
    ::usleep(microseconds);
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    while (::read(told, &value, sizeof value) == sizeof value) acknowledged = value;
    ::close(told);
    return acknowledged == jobs_per_writer;
  }
};

unsigned pick(std::mt19937& random, unsigned below) { return static_cast<unsigned>(random() % below); }

TEST(KillStorm, LosesAndDoublesNothingThatWasAcknowledged) {
  Store store;
  store.close();
  std::mt19937 random(7);
  std::array<Writer, writers> all;
  unsigned kills = 0;
  for (std::set<unsigned> working{0, 1}; !working.empty();) {
    for (const unsigned number : working) all[number].start(store, number);
    for (const unsigned number : std::set(working)) {
      ++kills;
      if (all[number].let_work_and_kill(pick(random, 4), pick(random, 3000))) working.erase(number);
      ASSERT_LT(kills, 1000U);
    }
  }
  store.open();
  for (const auto& finding : store.check(true))
    EXPECT_NE(finding.find("no message has"), std::string::npos) << finding;
  std::multiset<std::string> expected, found;
  for (unsigned writer = 0; writer < writers; ++writer)
    for (std::uint32_t number = 0; number < jobs_per_writer; ++number)
      expected.insert(job_of(writer, number).text);
  for (AccountId account = 1; account <= crash_accounts; ++account) {
    const auto box = store.status(account).id;
    ASSERT_TRUE(store
                    ->list({account, box}, 1,
                           [&](const Message& info) {
                             found.insert(std::string((*store->fetch({account, box}, info.uid))->body()));
                             return true;
                           })
                    .has_value());
  }
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(store.check().empty()) << store.check()[0];
  EXPECT_GT(kills, writers);
}

}  // namespace
}  // namespace tubepost::mailstore::test
