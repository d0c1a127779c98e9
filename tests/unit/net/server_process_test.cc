// A Server as a process: signals, workers, passed sockets.
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "net/sockaddr.h"
#include "unit/net/running.h"

namespace tubepost::net {
namespace {

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
