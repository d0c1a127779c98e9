#include <thread>

#include "unit/net/running.h"

namespace tubepost::net {
namespace {

TEST(Server, ServesEachConnectionAndKnowsItsPeer) {
  Running running(options_for({"127.0.0.1:0", "[::1]:0"}));
  Client four(running.endpoint(0)), six(running.endpoint(1));
  EXPECT_EQ(four.line(), "hello 127.0.0.1");
  EXPECT_EQ(six.line(), "hello ::1");
  EXPECT_EQ(four.ask("one"), "one");
  EXPECT_EQ(six.ask("two"), "two");
  EXPECT_EQ(four.ask("QUIT"), "(end)");
}

TEST(Server, OverTheTotalAClientIsToldAndClosed) {
  auto options = options_for({"127.0.0.1:0"});
  options.connections = 2;
  Running running(options);
  Client a(running.endpoint()), b(running.endpoint());
  EXPECT_EQ(a.line(), "hello 127.0.0.1");
  EXPECT_EQ(b.line(), "hello 127.0.0.1");
  Client c(running.endpoint());
  EXPECT_EQ(c.line(), "421 4.3.2 too many");
  EXPECT_EQ(c.line(), "(end)");
  EXPECT_EQ(a.ask("still"), "still");
  running.stop();
  EXPECT_TRUE(running.log.has("event=connection-refused"));
}

TEST(Server, OverTheLimitOfItsAddressAClientIsToldSo) {
  auto options = options_for({"127.0.0.1:0"});
  options.connections_per_address = 1;
  Running running(options);
  Client a(running.endpoint());
  EXPECT_EQ(a.line(), "hello 127.0.0.1");
  EXPECT_EQ(Client(running.endpoint()).line(), "421 4.7.0 too many from you");
}

TEST(Server, OverTheLimitATlsClientIsClosedWithoutText) {
  auto options = options_for({"127.0.0.1:0"});
  options.listeners[0].tls = true;
  options.connections = 1;
  Running running(options);
  Client a(running.endpoint());
  EXPECT_EQ(a.line(), "hello 127.0.0.1");
  EXPECT_EQ(Client(running.endpoint()).line(), "(end)");
}

TEST(Server, ListenersHaveLimitsOfTheirOwn) {
  auto options = options_for({"127.0.0.1:0"});
  options.listeners.push_back({{"127.0.0.1:0"}, 0, "other"});
  options.listeners[0].connections = 1;
  Running running(options);
  Client a(running.endpoint(0));
  EXPECT_EQ(a.line(), "hello 127.0.0.1");
  EXPECT_EQ(Client(running.endpoint(0)).line(), "421 4.3.2 too many");
  EXPECT_EQ(Client(running.endpoint(1)).line(), "hello 127.0.0.1");
}

TEST(Server, AnEndedSessionMakesRoom) {
  auto options = options_for({"127.0.0.1:0"});
  options.connections = 1;
  Running running(options);
  EXPECT_EQ(Client(running.endpoint()).ask("QUIT"), "hello 127.0.0.1");
  // The slot is given back after the close that the client sees: soon, not at once.
  std::string answer;
  do answer = Client(running.endpoint()).line();
  while (answer == "421 4.3.2 too many");
  EXPECT_EQ(answer, "hello 127.0.0.1");
}

TEST(Server, StoppingInterruptsWhoIsIdleAndWaitsForWhoIsBusy) {
  std::promise<void> may_finish;
  auto finishing = may_finish.get_future().share();
  std::atomic<bool> finished = false;
  const auto session = [&](Connection connection) {
    LineStream lines(*connection.stream);
    lines << "ready\r\n";
    if (lines.read_line(100).text == "work") {
      finishing.wait();
      lines << "done\r\n";
      lines.flush();
      finished = true;
    }
    connection.stream->close();
  };
  const auto either = [&](Connection connection) {
    connection.listener == 0 ? echo(std::move(connection)) : session(std::move(connection));
  };
  auto options = options_for({"127.0.0.1:0"});
  options.listeners.push_back({{"127.0.0.1:0"}, 0, "busy"});
  Running running(options, either);
  Client idle(running.endpoint(0)), busy(running.endpoint(1));
  EXPECT_EQ(idle.line(), "hello 127.0.0.1");
  EXPECT_EQ(busy.line(), "ready");
  busy.lines << "work\r\n";
  busy.lines.flush();
  // What has arrived is read even after the interrupt, so the session is in its work whichever of the two is
  // first.
  running.server.stop(ExitStatus::later);
  EXPECT_EQ(idle.line(), "goodbye");
  EXPECT_EQ(idle.line(), "(end)");
  may_finish.set_value();
  EXPECT_EQ(busy.line(), "done");
  EXPECT_EQ(running.ended.get(), ExitStatus::later);
  EXPECT_TRUE(finished);
}

TEST(Server, WhoDoesNotFinishInTimeIsCutOff) {
  auto options = options_for({"127.0.0.1:0"});
  options.grace = 0s;
  const auto stubborn = [](Connection connection) {
    char byte;
    connection.stream->write("hello\r\n");
    for (;;) {  // takes no notice of the service's end, only of the connection's
      try {
        if (connection.stream->read({&byte, 1}) == 0) return;
      } catch (const ShuttingDown&) {
        try {
          connection.stream->write("no\r\n");
        } catch (const Disconnected&) {
          return;
        }
      }
    }
  };
  Running running(options, stubborn);
  Client client(running.endpoint());
  EXPECT_EQ(client.line(), "hello");
  EXPECT_EQ(running.stop(), ExitStatus::ok);
  EXPECT_TRUE(running.log.has("event=sessions-cut-off"));
}

TEST(Server, AListedProxyNamesTheClient) {
  auto options = options_for({"127.0.0.1:0"});
  options.proxy_hosts = *AddressSet::parse("127.0.0.0/8");
  options.connections_per_address = 1;
  Running running(options);
  Client first(running.endpoint()), second(running.endpoint()), other(running.endpoint());
  EXPECT_EQ(first.ask("PROXY TCP4 192.0.2.7 127.0.0.1 1 25"), "hello 192.0.2.7");
  EXPECT_EQ(second.ask("PROXY TCP4 192.0.2.7 127.0.0.1 2 25"), "421 4.7.0 too many from you");
  EXPECT_EQ(other.ask("PROXY TCP4 192.0.2.8 127.0.0.1 2 25"), "hello 192.0.2.8");
  EXPECT_EQ(first.ask("one"), "one");
}

TEST(Server, AListedProxyWithoutAHeaderIsClosed) {
  auto options = options_for({"127.0.0.1:0"});
  options.proxy_hosts = *AddressSet::parse("127.0.0.1");
  Running running(options);
  const std::string answer = Client(running.endpoint()).ask("EHLO me too and more");
  EXPECT_TRUE(answer == "(end)" || answer == "(gone)") << answer;
  EXPECT_TRUE(running.log.has("event=proxy-header-refused"));
}

TEST(Server, NobodyElseMayNameAClient) {
  Running running(options_for({"127.0.0.1:0"}));
  Client client(running.endpoint());
  EXPECT_EQ(client.ask("PROXY TCP4 192.0.2.7 127.0.0.1 1 25"), "hello 127.0.0.1");
}

}  // namespace
}  // namespace tubepost::net
