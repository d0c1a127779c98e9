// Days of the queue, played in a moment.
#include "qrun/simulation.h"

#include "qrun/replay.h"
#include "support/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "unit/qrun/samples.h"

namespace tubepost::qrun {
namespace {

using namespace std::chrono_literals;

class Played : public testing::Test {
protected:
  Played() {
    for (const char* part : {"/spool", "/directory"}) std::filesystem::create_directory(folder + part);
    auto opened = directory::Directory::open(folder + "/directory", {true, false});
    if (!opened || !opened->add_domain("example.test", {}) || !opened->add_account("bob@example.test", {}))
      std::abort();
    directory.emplace(std::move(*opened));
    addresses.emplace(*directory);
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    options.disk_reserve = 0;
    auto made = spool::Spool::open(folder + "/spool", options, clock);
    if (!made) std::abort();
    spool.emplace(std::move(*made));
    settings.delay_notice = 4h;
    settings.connections = 4;
  }
  spool::SpoolId send(const std::string& to) {
    const auto id = spool::SpoolId::make(clock);
    auto writer = spool->new_body();
    writer.append("Subject: hi\r\n\r\nhello\r\n");
    auto body = writer.finish();
    spool::Message message{id, {}, {}, std::move(*body)};
    message.envelope.reverse_path = "alice@sender.test";
    message.recipients.push_back({to, "", "", ""});
    if (!spool->accept(std::move(message))) std::abort();
    return id;
  }
  Fate fate_of(const spool::SpoolId& id, std::vector<Outage> outages, Milliseconds length = 6 * 24h) {
    const auto fates = simulate({*spool, *addresses, settings, "mx.example.test", logger},
                                {clock.now(), clock.now() + length, std::move(outages)});
    EXPECT_TRUE(fates) << fates.error().text;
    for (const Fate& fate : *fates)
      if (fate.id == id) return fate;
    ADD_FAILURE() << "nothing is said of it";
    return {};
  }
  Outage out(const std::string& domain, Milliseconds length) { return {domain, clock.now() + length}; }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  ManualClock clock{accepted_at};
  log::Logger logger{"test", log::Level::error, log::Format::logfmt, -1};
  std::optional<directory::Directory> directory;
  std::optional<DirectoryAddresses> addresses;
  std::optional<spool::Spool> spool;
  Policy settings = policy();
};

TEST_F(Played, WhatNothingHindersIsThereAtOnceHereAndElsewhere) {
  for (const char* to : {"bob@example.test", "x@up.test"}) {
    const Fate fate = fate_of(send(to), {});
    EXPECT_EQ(fate.outcome, "delivered");
    EXPECT_EQ(fate.attempts, 1U);
    EXPECT_LT(*fate.time - fate.accepted, 10s);
  }
}

TEST_F(Played, AnOutageDelaysWhatGoesThereUntilTheFirstProbeAfterIt) {
  const Fate fate = fate_of(send("x@down.test"), {out("down.test", 2h)});
  EXPECT_EQ(fate.outcome, "delivered");
  EXPECT_GE(*fate.time - fate.accepted, 2h);
  EXPECT_LE(*fate.time - fate.accepted, 2h + 66min) << "an hour and a tenth is the longest pause";
  EXPECT_GT(fate.attempts, 1U);
  EXPECT_FALSE(fate.noticed);
}

TEST_F(Played, ItsSenderIsToldOfTheDelayAndAtLastOfTheEnd) {
  const Fate fate = fate_of(send("x@down.test"), {out("*.test", 30 * 24h)});
  EXPECT_EQ(fate.outcome, "failed");
  EXPECT_TRUE(fate.is_expired);
  EXPECT_GE(*fate.time - fate.accepted, 5 * 24h);
  ASSERT_TRUE(fate.noticed);
  EXPECT_GE(*fate.noticed - fate.accepted, 4h);
  EXPECT_LE(*fate.noticed - fate.accepted, 5h + 6min);
}

TEST_F(Played, WhatIsNotDecidedByThenWaits) {
  const Fate fate = fate_of(send("x@down.test"), {out("down.test", 48h)}, 1h);
  EXPECT_EQ(fate.outcome, "waiting");
  EXPECT_FALSE(fate.time);
}

TEST_F(Played, TheQueueItselfIsAsItWas) {
  const auto id = send("x@down.test");
  fate_of(id, {out("down.test", 48h)});
  const auto found = spool->find(id);
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->recipients[0].state, spool::State::queued);
  EXPECT_EQ((*found)->recipients[0].attempts, 0U);
  EXPECT_EQ(spool->totals()->messages, 1U);
}

TEST_F(Played, WhatWasDoneStandsBesideWhatWouldBeDoneNow) {
  const auto id = send("x@away.test");
  const auto said = [&](const Replay& replay) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = ::open_memstream(&text, &size);
    EXPECT_TRUE(print_replay(*spool, *addresses, settings, replay, false, out));
    std::fclose(out);
    std::string lines(text, size);
    std::free(text);
    return lines;
  };
  EXPECT_NE(said({id, {}}).find("x@away.test\twaiting\t"), std::string::npos) << said({id, {}});
  EXPECT_NE(said({id, {}}).find("destination away.test"), std::string::npos);
  if (!directory->add_route({"away.test", false, directory::RouteKind::discard, ""})) std::abort();
  EXPECT_NE(said({std::nullopt, clock.now() - 1h}).find("discard"), std::string::npos) << said({id, {}});
  EXPECT_EQ(said({std::nullopt, clock.now() + 1h}), "");
}

TEST(Replays, AreOfOneMessageOrOfATime) {
  const Timestamp now(Milliseconds(1'700'000'000'000));
  EXPECT_EQ(parse_replay("since=2h", now)->since, now - 2h);
  EXPECT_TRUE(parse_replay(spool::SpoolId::make(ManualClock(now)).to_text(), now)->id);
  for (const char* bad : {"", "since=", "since=x", "2h", "abc"}) EXPECT_FALSE(parse_replay(bad, now)) << bad;
}

TEST(Forecasts, AreReadAsTheyAreWritten) {
  const Timestamp start(Milliseconds(1'700'000'000'000));
  EXPECT_EQ(parse_until("+5d", start), start + 120h);
  EXPECT_EQ(parse_until("2h", start), start + 2h);
  EXPECT_EQ(parse_until("2023-11-15T22:13:20Z", start), start + 24h);
  for (const char* bad : {"", "d", "+", "+x", "++5d", "+2023-11-15T22:13:20Z", "2020-01-01T00:00:00Z", "+0s"})
    EXPECT_FALSE(parse_until(bad, start)) << bad;
  EXPECT_EQ(parse_outage("Example.com=2h", start)->domain, "example.com");
  for (const char* bad : {"", "x", "=2h", "x=", "x=y"}) EXPECT_FALSE(parse_outage(bad, start)) << bad;
}

}  // namespace
}  // namespace tubepost::qrun
