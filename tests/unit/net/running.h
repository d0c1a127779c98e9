// Servers for tests: in a thread of this process, talked to by Clients, with a log that can be read.
//
//   Running running(options_for({"127.0.0.1:0"}));
//   EXPECT_EQ(Client(running.endpoint()).line(), "hello 127.0.0.1");
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "net/server.h"
#include "support/temporary_folder.h"

namespace tubepost::net {

using namespace std::chrono_literals;

inline constexpr auto patience = 20s;  // how long a test waits for what should come at once

struct LogFile {
  const test_support::TemporaryFolder folder;
  const std::string path = folder / "log";
  UniqueFd low{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  UniqueFd fd{::fcntl(low.get(), F_DUPFD_CLOEXEC, 10)};  // passed sockets begin at 3
  log::Logger logger{"test", log::Level::debug, log::Format::logfmt, fd.get()};
  std::string text() const { return read_file(path).value(); }
  bool has(std::string_view what) const { return text().find(what) != std::string::npos; }
};

// A session that greets, and repeats each line until QUIT.
inline void echo(Connection connection) {
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

inline ServerOptions options_for(std::vector<std::string> addresses) {
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

}  // namespace tubepost::net
