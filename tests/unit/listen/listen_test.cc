#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <future>

#include "base/file.h"
#include "base/text.h"
#include "listen/operands.h"
#include "listen/relay.h"
#include "listen/service.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::listen {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;

TEST(Operands, EndpointsComeFirstThenTheProgram) {
  const auto split =
      split_operands({"127.0.0.1:25", "[::1]:25", "unix:/run/s", "prog", "127.0.0.1:26", "-x"});
  EXPECT_EQ(split.addresses, (std::vector<std::string>{"127.0.0.1:25", "[::1]:25", "unix:/run/s"}));
  EXPECT_EQ(split.program, (std::vector<std::string>{"prog", "127.0.0.1:26", "-x"}));
}

TEST(Operands, EndpointsAreToldFromPrograms) {
  for (const char* text : {"127.0.0.1:25", "localhost:0", "[::1]:25", "unix:x"})
    EXPECT_TRUE(looks_like_endpoint(text));
  for (const char* text : {"smtpd", "./a:25", "/bin/cat", ":25", "a:b", "a:65536", "a:"})
    EXPECT_FALSE(looks_like_endpoint(text)) << text;
}

TEST(Operands, WhatIsNoEndpointWhereOneBelongsIsNamed) {
  EXPECT_EQ(find_missing(split_operands({}), false), "ADDR:PORT is missing");
  EXPECT_EQ(find_missing(split_operands({"nonsense", "cat"}), false), "nonsense: not ADDR:PORT");
  EXPECT_EQ(find_missing(split_operands({"127.0.0.1:0"}), false), "PROGRAM is missing");
  EXPECT_EQ(find_missing(split_operands({}), true), "PROGRAM is missing");
  EXPECT_EQ(find_missing(split_operands({"cat"}), true), std::nullopt);
  EXPECT_EQ(find_missing(split_operands({"127.0.0.1:0", "cat"}), false), std::nullopt);
}

struct Client {
  std::unique_ptr<net::Stream> below;
  std::unique_ptr<net::Stream> encrypted;
  std::optional<net::LineStream> lines;

  explicit Client(const net::Endpoint& endpoint, tls::ClientContext* tls = nullptr)
      : below(net::connect_tcp(endpoint, patience).value()) {
    below->set_time_limit(patience);
    if (tls) encrypted = tls->connect(*below, "listen.example.test").value();
    if (encrypted) encrypted->set_time_limit(patience);
    lines.emplace(encrypted ? *encrypted : *below);
    lines->set_accept_lf(true);
  }
  std::string line() {
    try {
      const auto line = lines->read_line(1000);
      return line.kind == net::LineStream::Line::Kind::ok ? std::string(line.text) : "(end)";
    } catch (const net::StreamEnd&) {
      return "(gone)";
    }
  }
  std::string ask(std::string_view text) { return *lines << text << "\n", lines->flush(), line(); }
};

struct Folder : test_support::TemporaryFolder {
  tls::CertificateFiles certificate() const {
    const auto made = tls::make_self_signed("listen.example.test", 10).value();
    const tls::CertificateFiles files{*this / "crt", *this / "key"};
    EXPECT_TRUE(write_file_atomically(files.certificate, made.certificate, 0600));
    EXPECT_TRUE(write_file_atomically(files.key, made.key, 0600));
    return files;
  }
};

// The service in a process of its own, as it is in life.
struct Running {
  pid_t pid = -1;
  net::Endpoint endpoint;

  explicit Running(ServiceOptions options) {
    auto pipe = process::make_pipe().value();
    pid = ::fork();
    if (pid == 0) std::_Exit(serve(std::move(options), pipe.write_end.get()));
    pipe.write_end.reset();
    endpoint = net::parse_endpoint(trim(read_all(pipe.read_end.get(), 100).value()), 0).value();
  }
  ~Running() {
    if (pid > 0) ::kill(pid, SIGTERM), ::kill(pid, SIGTERM), wait();
  }
  static int serve(ServiceOptions options, int port_fd) {
    const log::Logger logger("listen", log::Level::error, log::Format::logfmt);
    options.addresses = {"127.0.0.1:0"};
    Service service(std::move(options), logger);
    if (const auto status = service.open(); status != ExitStatus::ok) return to_int(status);
    const std::string text = service.endpoints().front().to_text();
    if (!write_all(port_fd, text)) return 1;
    ::close(port_fd);
    return to_int(service.run());
  }
  int wait() {
    int status = -1;
    ::waitpid(std::exchange(pid, -1), &status, 0);
    return status;
  }
};

ServiceOptions shell(const std::string& script) {
  ServiceOptions options;
  options.program = {"/bin/sh", "-c", script};
  return options;
}

const std::string show_environment = "echo $PROTO $TCPREMOTEIP $TCPLOCALIP $TCPLOCALPORT tls=$TLS; exec cat";

TEST(Listen, RunsTheProgramForEachConnectionWithItsAddresses) {
  Running running(shell(show_environment));
  const std::string expected = "TCP 127.0.0.1 127.0.0.1 " + std::to_string(running.endpoint.port) + " tls=";
  Client a(running.endpoint), b(running.endpoint);
  EXPECT_EQ(a.line(), expected);
  EXPECT_EQ(b.line(), expected);
  EXPECT_EQ(a.ask("one"), "one");
  EXPECT_EQ(b.ask("two"), "two");
}

TEST(Listen, LimitsHoldAndAnEndedProgramMakesRoom) {
  auto options = shell("echo hello; read line");
  options.connections = 2;
  Running running(options);
  Client a(running.endpoint), b(running.endpoint);
  EXPECT_EQ(a.line(), "hello");
  EXPECT_EQ(b.line(), "hello");
  const std::string third = Client(running.endpoint).line();
  EXPECT_TRUE(third == "(end)" || third == "(gone)") << third;
  EXPECT_EQ(a.ask("bye"), "(end)");
  std::string answer;
  do answer = Client(running.endpoint).line();
  while (answer != "hello");
}

TEST(Listen, OneAddressHasALimitOfItsOwn) {
  auto options = shell("echo hello; read line");
  options.connections_per_address = 1;
  Running running(options);
  Client a(running.endpoint);
  EXPECT_EQ(a.line(), "hello");
  const std::string second = Client(running.endpoint).line();
  EXPECT_TRUE(second == "(end)" || second == "(gone)") << second;
}

TEST(Listen, SigtermWaitsForWhoIsThere) {
  Running running(shell("echo hello; read line; echo $line"));
  Client client(running.endpoint);
  EXPECT_EQ(client.line(), "hello");
  ::kill(running.pid, SIGTERM);
  EXPECT_EQ(client.ask("last words"), "last words");
  EXPECT_EQ(running.wait(), 0);
}

TEST(Listen, ASecondSigtermEndsThePatience) {
  Running running(shell("echo hello; exec sleep 1000"));
  Client client(running.endpoint);
  EXPECT_EQ(client.line(), "hello");
  ::kill(running.pid, SIGTERM);
  while (auto refused = net::connect_tcp(running.endpoint, patience))
    refused->reset();  // until it has been seen
  ::kill(running.pid, SIGTERM);
  EXPECT_EQ(running.wait(), 0);
}

TEST(Listen, DoesTlsInFrontOfTheProgram) {
  const Folder folder;
  const log::Logger logger("listen", log::Level::error, log::Format::logfmt);
  auto options = shell(show_environment);
  options.tls = tls::ServerContext::load({folder.certificate()}, logger).value();
  Running running(options);
  const auto tls = tls::ClientContext::create(folder / "crt", true).value();
  Client client(running.endpoint, tls.get());
  EXPECT_EQ(client.line(), "TCP 127.0.0.1 127.0.0.1 " + std::to_string(running.endpoint.port) + " tls=1");
  EXPECT_EQ(client.ask("hello"), "hello");
}

TEST(Listen, UnderTlsTheProgramsEndIsTheConnectionsEnd) {
  const Folder folder;
  const log::Logger logger("listen", log::Level::error, log::Format::logfmt);
  auto options = shell("echo bye");
  options.tls = tls::ServerContext::load({folder.certificate()}, logger).value();
  Running running(options);
  const auto tls = tls::ClientContext::create("", false).value();
  Client client(running.endpoint, tls.get());
  EXPECT_EQ(client.line(), "bye");
  EXPECT_EQ(client.line(), "(end)");
}

// A program at one end, a client at the other, and carry() between.
struct Carried {
  std::unique_ptr<net::FdStream> client, program;
  std::future<void> carrying;

  Carried() {
    int outer[2], inner[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, outer), 0);
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, inner), 0);
    client = std::make_unique<net::FdStream>(UniqueFd(outer[0]));
    program = std::make_unique<net::FdStream>(UniqueFd(inner[0]));
    client->set_time_limit(patience);
    program->set_time_limit(patience);
    carrying = std::async(std::launch::async, [outside = outer[1], inside = inner[1]] {
      net::FdStream to_client{UniqueFd(outside)};
      const UniqueFd to_program(inside);
      try {
        carry(to_client, outside, inside);
      } catch (const net::StreamEnd&) {
      }
    });
  }
};

std::string read_all_of(net::Stream& stream) {
  std::string all;
  char part[10000];
  while (const auto count = stream.read(part)) all.append(part, count);
  return all;
}

TEST(Carry, PassesTheEndOfInputOnAndStillCarriesTheAnswer) {
  Carried c;
  c.client->write("question");
  c.client->close();
  EXPECT_EQ(read_all_of(*c.program), "question");
  c.program->write("answer");
  c.program.reset();
  EXPECT_EQ(read_all_of(*c.client), "answer");
}

TEST(Carry, AProgramThatWritesBeforeItReadsDoesNotBlockTheTwo) {
  Carried c;
  const std::string much(2 << 20, 'q'), answer(2 << 20, 'a');
  auto client = std::async(std::launch::async, [&] {
    auto asked = std::async(std::launch::async, [&] { c.client->write(much), c.client->close(); });
    const std::string got = read_all_of(*c.client);
    asked.get();
    return got;
  });
  c.program->write(answer);
  EXPECT_EQ(read_all_of(*c.program), much);
  c.program.reset();
  EXPECT_EQ(client.get(), answer);
}

TEST(Carry, EndsWhenTheProgramEnds) {
  Carried c;
  c.program.reset();
  EXPECT_EQ(read_all_of(*c.client), "");
  c.carrying.get();
}

}  // namespace
}  // namespace tubepost::listen
