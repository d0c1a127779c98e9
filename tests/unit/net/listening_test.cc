// What a Server listens on, and what it says of it.
#include <sys/stat.h>

#include "unit/net/running.h"
#include "support/temporary_folder.h"

namespace tubepost::net {
namespace {

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

struct Folder : test_support::TemporaryFolder {
  std::string socket() const { return *this / "s"; }
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

}  // namespace
}  // namespace tubepost::net
