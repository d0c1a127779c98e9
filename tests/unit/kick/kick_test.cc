#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>

#include "kick/client.h"
#include "kick/trigger.h"
#include "base/unique_fd.h"
#include "support/fake_resolver.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::kick {
namespace {

using test_support::MemoryStream;

// A spool with one message that waits for example.net.
class Trigger : public testing::Test {
protected:
  Trigger() {
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    auto opened = spool::Spool::open(folder, options, clock);
    if (!opened) std::abort();
    spool.emplace(std::move(*opened));
    const auto id = spool::SpoolId::make(clock);
    auto body = spool->new_body().finish();
    if (!spool->accept({id, {}, {{"bob@example.net", "", "", ""}}, std::move(*body)})) std::abort();
    if (!spool->turn({}, clock.now(), 10)) std::abort();
    spool::Outcome later;
    later.kind = spool::Outcome::Kind::deferred;
    later.id = id;
    later.lane = "example.net";
    later.next = clock.now() + Milliseconds(3'600'000);
    if (!spool->turn({later}, clock.now(), 0)) std::abort();
  }
  std::string ask(const std::string& line) {
    MemoryStream stream(line);
    serve_trigger(stream, *spool, "192.0.2.1", logger);
    return stream.output;
  }

  const test_support::TemporaryFolder own;
  const std::string folder = own.path();
  ManualClock clock;
  log::Logger logger{"kick", log::Level::error, log::Format::logfmt, -1};
  std::optional<spool::Spool> spool;
};

TEST_F(Trigger, SendsOnWhatWaitsForTheDomain) {
  EXPECT_EQ(ask("Example.net\r\n"), "253 OK, 1 pending messages started\r\n");
  EXPECT_EQ(spool->turn({}, clock.now(), 10)->claims.size(), 1U);
}

TEST_F(Trigger, DoesItOnceAMinute) {
  ask("example.net\n");
  EXPECT_TRUE(ask("example.net\n").starts_with("458 "));
}

TEST_F(Trigger, KnowsSubdomainsByTheAtSign) {
  EXPECT_EQ(ask("net\r\n"), "251 OK, no messages waiting\r\n");
  EXPECT_TRUE(ask("@net\r\n").starts_with("253 "));
}

TEST_F(Trigger, RefusesWhatIsNoDomain) {
  for (const std::string& line : {std::string("a b\r\n"), std::string("\r\n"), std::string("x\0y\r\n", 5),
                                  std::string(1000, 'a') + "\r\n"})
    EXPECT_TRUE(ask(line).starts_with("501 ")) << line;
  EXPECT_EQ(ask(""), "");
}

TEST(Client, SaysThatAServerDoesNotKnowEtrn) {
  MemoryStream stream("220 mx\r\n250 mx\r\n502 what?\r\n221 bye\r\n");
  const auto answer = ask_by_etrn(stream, "me.test", "example.net");
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->accepted);
  EXPECT_FALSE(answer->supported);
  EXPECT_NE(stream.output.find("ETRN example.net\r\n"), std::string::npos);
}

TEST(Client, TellsWhatAServerWillSend) {
  MemoryStream stream("220 mx\r\n250-mx\r\n250 ETRN\r\n253 14 pending messages\r\n221 bye\r\n");
  const auto answer = ask_by_etrn(stream, "me.test", "example.net");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->accepted);
  EXPECT_EQ(answer->text, "253 14 pending messages");
}

TEST(Client, ATriggerPortMaySayNothing) {
  MemoryStream stream("");
  const auto answer = ask_trigger(stream, "example.net");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->accepted);
  EXPECT_EQ(stream.output, "example.net\r\n");
}

TEST(Connect, TheServersOfTheSettingsAreAskedForTheName) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  socklen_t size = sizeof own;
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&own), size), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size);
  test_support::FakeResolver resolver;
  resolver.add("mx2.example.net", "127.0.0.1");
  EXPECT_TRUE(connect({"mx2.example.net", ntohs(own.sin_port)}, resolver));
  const auto nobody = connect({"mx3.example.net", ntohs(own.sin_port)}, resolver);
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().retry, Retry::later);
}

TEST(Connect, ANameThatIsNotFoundMayBeLater) {
  const auto stream = connect("a..b", 79);
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().retry, Retry::later) << stream.error().text;
}

}  // namespace
}  // namespace tubepost::kick
