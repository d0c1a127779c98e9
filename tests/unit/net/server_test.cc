#include "net/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "net/sockaddr.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;  // how long a test waits for what should come at once

struct LogFile {
  char path[32] = "/tmp/net-test-log-XXXXXX";
  UniqueFd low{::mkstemp(path)};
  UniqueFd fd{::fcntl(low.get(), F_DUPFD_CLOEXEC, 10)};  // passed sockets begin at 3
  log::Logger logger{"test", log::Level::debug, log::Format::logfmt, fd.get()};
  ~LogFile() { ::unlink(path); }
  std::string text() const { return read_file(path).value(); }
  bool has(std::string_view what) const { return text().find(what) != std::string::npos; }
};

// A session that greets, and repeats each line until QUIT.
void echo(Connection connection) {
  LineStream lines(*connection.stream);
  try {
    lines << "hello " << (connection.peer ? connection.peer->address.to_text() : "local") << "\r\n";
    for (;;) {
      const auto line = lines.read_line(1000);
      if (line.kind == LineStream::Line::Kind::end || line.text == "QUIT") break;
      lines << line.text << "\r\n";
    }
    lines.flush();
  } catch (const ShuttingDown&) {
    connection.stream->write("goodbye\r\n");
  } catch (const StreamEnd&) {
  }
  connection.stream->close();
}

struct Client {
  std::unique_ptr<Stream> stream;
  LineStream lines;

  explicit Client(std::unique_ptr<Stream> connected) : stream(std::move(connected)), lines(*stream) {
    stream->set_time_limit(patience);
  }
  explicit Client(const Endpoint& endpoint) : Client(connect_tcp(endpoint, patience).value()) {}
  std::string line() {
    try {
      const auto line = lines.read_line(1000);
      return line.kind == LineStream::Line::Kind::ok ? std::string(line.text) : "(end)";
    } catch (const StreamEnd&) {
      return "(gone)";
    }
  }
  std::string ask(std::string_view text) { return lines << text << "\r\n", lines.flush(), line(); }
};

ServerOptions options_for(std::vector<std::string> addresses) {
  ServerOptions options;
  options.listeners = {{std::move(addresses), 0, "test"}};
  options.too_many_text = "421 4.3.2 too many\r\n";
  options.too_many_from_address_text = "421 4.7.0 too many from you\r\n";
  return options;
}

// A server in a thread of this process.
struct Running {
  LogFile log;
  Server server;
  std::future<ExitStatus> ended;

  explicit Running(ServerOptions options, const Handler& handler = echo)
      : server(std::move(options), log.logger) {
    EXPECT_EQ(server.open(), ExitStatus::ok) << log.text();
    ended = std::async(std::launch::async,
                       [this, handler] { return server.run([&]() -> Result<Handler> { return handler; }); });
  }
  ~Running() {
    if (ended.valid()) stop();
  }
  Endpoint endpoint(std::size_t index = 0) const { return server.endpoints().at(index); }
  ExitStatus stop(ExitStatus status = ExitStatus::ok) {
    server.stop(status);
    return ended.get();
  }
};

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

TEST(Server, AfterTheStopNobodyListens) {
  Endpoint endpoint;
  {
    Running running(options_for({"127.0.0.1:0"}));
    endpoint = running.endpoint();
    EXPECT_EQ(running.stop(), ExitStatus::ok);
  }
  EXPECT_FALSE(connect_tcp(endpoint, patience));
}

TEST(Server, AHandlerThatCannotBeMadeEndsIt) {
  LogFile log;
  Server server(options_for({"127.0.0.1:0"}), log.logger);
  EXPECT_EQ(server.run([]() -> Result<Handler> { return Failure::temporary("disk full"); }),
            ExitStatus::later);
  EXPECT_TRUE(log.has("disk full"));
}

TEST(Server, ReadinessComesWhenTheSocketsAreBound) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const UniqueFd reader(fds[0]);
  auto options = options_for({"127.0.0.1:0"});
  options.ready_fd = fds[1];
  Running running(options);
  char bytes[10];
  ASSERT_EQ(::read(reader.get(), bytes, sizeof bytes), 1);
  EXPECT_EQ(bytes[0], '\n');
  EXPECT_EQ(::read(reader.get(), bytes, sizeof bytes), 0);
}

TEST(Server, HostNamesAreResolvedAndLogged) {
  Running running(options_for({"localhost:0"}));
  EXPECT_TRUE(running.log.has("event=resolved name=localhost:0 addresses="));
  EXPECT_EQ(Client(running.endpoint()).line(), "hello " + running.endpoint().address.to_text());
}

TEST(Server, AnAddressThatIsNoneIsAConfigurationError) {
  LogFile log;
  EXPECT_EQ(Server(options_for({"no such host:25"}), log.logger).open(), ExitStatus::configuration);
  EXPECT_EQ(Server(options_for({}), log.logger).open(), ExitStatus::configuration);
}

TEST(Server, SaysWhoHoldsATakenPortAndItsGreeting) {
  Running holder(options_for({"127.0.0.1:0"}));
  LogFile log;
  EXPECT_EQ(Server(options_for({holder.endpoint().to_text()}), log.logger).open(), ExitStatus::later);
  EXPECT_TRUE(log.has("event=port-taken address=" + holder.endpoint().to_text()));
  EXPECT_TRUE(log.has("(pid " + std::to_string(::getpid()) + ")")) << log.text();
  EXPECT_TRUE(log.has("greeting=\"hello 127.0.0.1\"")) << log.text();
}

struct Folder {
  char path[32] = "/tmp/net-test-XXXXXX";
  Folder() { EXPECT_NE(::mkdtemp(path), nullptr); }
  ~Folder() {
    ::unlink(socket().c_str());
    ::rmdir(path);
  }
  std::string socket() const { return std::string(path) + "/s"; }
};

TEST(Server, UnixSocketsHaveCredentialsAndAMode) {
  const Folder folder;
  auto options = options_for({"unix:" + folder.socket()});
  options.listeners[0].unix_mode = 0600;
  std::promise<PeerCredentials> seen;
  Running running(options, [&](Connection connection) { seen.set_value(connection.credentials.value()); });
  const auto client = connect_unix(folder.socket(), patience);
  ASSERT_TRUE(client);
  const auto credentials = seen.get_future().get();
  EXPECT_EQ(credentials.uid, ::getuid());
  EXPECT_EQ(credentials.pid, ::getpid());
  struct stat status {};
  ASSERT_EQ(::stat(folder.socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST(Server, AStaleUnixSocketIsReplacedALiveOneIsNot) {
  const Folder folder;
  const auto options = options_for({"unix:" + folder.socket()});
  Running(options).stop();
  EXPECT_TRUE(file_exists(folder.socket()));
  Running second(options);
  EXPECT_EQ(Client(connect_unix(folder.socket(), patience).value()).line(), "hello local");
  LogFile log;
  EXPECT_EQ(Server(options, log.logger).open(), ExitStatus::later);
  EXPECT_TRUE(log.has("event=socket-taken"));
  EXPECT_EQ(Client(connect_unix(folder.socket(), patience).value()).line(), "hello local");
}

TEST(Server, AFileInTheWayOfAUnixSocketStays) {
  const Folder folder;
  ASSERT_TRUE(write_file_atomically(folder.socket(), "precious", 0600));
  LogFile log;
  EXPECT_EQ(Server(options_for({"unix:" + folder.socket()}), log.logger).open(), ExitStatus::later);
  EXPECT_EQ(read_file(folder.socket()).value(), "precious");
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

std::size_t tasks() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}
const std::size_t tasks_at_start = tasks();  // a sanitizer may have one of its own

// The threads of an earlier test's sessions end by themselves, a little behind their server. ThreadSanitizer
// takes no fork before.
void wait_until_alone() {
  for (int i = 0; i < 1000 && tasks() > tasks_at_start; ++i) std::this_thread::sleep_for(10ms);
}

// A server in a process of its own, for signals, workers and passed sockets.
struct ServerProcess {
  LogFile log;
  UniqueFd listener;  // keeps the port ours between the two processes
  Endpoint endpoint;
  pid_t pid = -1;

  explicit ServerProcess(ServerOptions options, const std::function<void()>& on_hangup = {},
                         const Handler& handler = echo) {
    listener.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto any = SocketAddress::of({*IpAddress::parse("127.0.0.1"), 0});
    EXPECT_EQ(::bind(listener.get(), any.raw(), any.size()), 0);
    EXPECT_EQ(::listen(listener.get(), 100), 0);
    endpoint = local_of(listener.get()).value();
    wait_until_alone();
    pid = ::fork();
    if (pid == 0) std::_Exit(to_int(serve(std::move(options), on_hangup, handler)));
  }
  ~ServerProcess() {
    if (pid > 0) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
  }
  ExitStatus serve(ServerOptions options, const std::function<void()>& on_hangup,
                   const Handler& handler) const {
    ::dup2(listener.get(), 3);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_FDNAMES", "test", 1);
    return Server(std::move(options), log.logger)
        .run([&]() -> Result<Handler> { return handler; }, on_hangup);
  }
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid, -1), &status, 0);
    return status;
  }
};

TEST(Server, TakesPassedSocketsInsteadOfItsAddresses) {
  ServerProcess process(options_for({"no-such-host.invalid:25"}));
  Client client(process.endpoint);
  EXPECT_EQ(client.line(), "hello 127.0.0.1");
  EXPECT_EQ(client.ask("x"), "x");
}

TEST(Server, SigtermEndsItWithStatusZero) {
  ServerProcess process(options_for({}));
  Client client(process.endpoint);
  EXPECT_EQ(client.line(), "hello 127.0.0.1");
  ::kill(process.pid, SIGTERM);
  EXPECT_EQ(client.line(), "goodbye");
  EXPECT_EQ(process.wait(), 0);
}

TEST(Server, SighupCallsWhoWantsToKnow) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  ServerProcess process(options_for({}), [&] { EXPECT_EQ(::write(fds[1], "h", 1), 1); });
  EXPECT_EQ(Client(process.endpoint).line(), "hello 127.0.0.1");
  ::kill(process.pid, SIGHUP);
  char byte = 0;
  ASSERT_EQ(::read(fds[0], &byte, 1), 1);
  EXPECT_EQ(Client(process.endpoint).line(), "hello 127.0.0.1");
  ::close(fds[0]), ::close(fds[1]);
}

// Greets with the pid of its worker.
void greet_with_pid(Connection connection) {
  try {
    connection.stream->write(std::to_string(::getpid()) + "\r\n");
    char byte;
    connection.stream->read({&byte, 1});
  } catch (const StreamEnd&) {
  }
}

TEST(Server, WorkersShareTheLimitsAndADeadOneIsReplacedAndGivesItsCountsBack) {
  auto options = options_for({});
  options.workers = 2;
  options.connections = 2;
  ServerProcess process(options, {}, greet_with_pid);
  Client first(process.endpoint);
  const auto worker = parse_number<pid_t>(first.line());
  ASSERT_TRUE(worker);
  EXPECT_NE(*worker, process.pid);
  Client second(process.endpoint);
  second.line();
  EXPECT_EQ(Client(process.endpoint).line(), "421 4.3.2 too many");
  ::kill(*worker, SIGKILL);
  EXPECT_EQ(first.line(), "(end)");
  std::string answer;  // its place is free once its death has been seen
  do answer = Client(process.endpoint).line();
  while (!parse_number<pid_t>(answer));
  ::kill(process.pid, SIGTERM);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_TRUE(process.log.has("signal=9")) << process.log.text();
}

TEST(Server, WorkersThatFindAWrongConfigurationEndTheServer) {
  LogFile log;
  const pid_t pid = ::fork();
  if (pid == 0) {
    auto options = options_for({"127.0.0.1:0"});
    options.workers = 2;
    const auto none = []() -> Result<Handler> { return Failure::permanent("wrong"); };
    std::_Exit(to_int(Server(options, log.logger).run(none)));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), to_int(ExitStatus::configuration));
}

}  // namespace
}  // namespace tubepost::net
