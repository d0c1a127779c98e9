// The service: accepts, counts, and runs the program once for each connection, on stdin and stdout. One
// thread; one process per connection (with TLS two: a relay and the program).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "log/logger.h"
#include "net/connection_counts.h"
#include "net/listening.h"
#include "net/seldom.h"
#include "net/server.h"
#include "process/child.h"
#include "process/signals.h"
#include "tls/context.h"

namespace tubepost::listen {

struct ServiceOptions {
  std::vector<std::string> addresses;
  std::vector<std::string> program;
  std::size_t connections = 100, connections_per_address = 10;
  std::optional<int> ready_fd;
  std::shared_ptr<tls::ServerContext> tls;  // null: none. Shared with the reload in main.
  std::chrono::seconds grace{30};
};

class Service {
public:
  Service(ServiceOptions options, const log::Logger& logger);
  ~Service();
  ExitStatus open();
  std::vector<net::Endpoint> endpoints() const;
  // Until SIGTERM or SIGINT; then waits `grace` for the programs that run (a second signal ends the
  // patience).
  ExitStatus run();

private:
  // A program, or the relay in front of it, with its place in the counts.
  struct Running {
    pid_t pid = -1;
    net::ConnectionCounts::Slot slot = 0;
    std::optional<process::Child> program;  // nullopt: a relay
    bool has_ended();
  };
  void watch(int milliseconds, bool listen);
  void take_signals();
  void accept_from(const net::ListeningSocket& socket);
  void begin(UniqueFd fd, const std::optional<net::Endpoint>& peer);
  std::optional<Running> start(UniqueFd fd, const process::ChildOptions& how, const std::string& client);
  std::optional<Running> start_relay(UniqueFd fd, const process::ChildOptions& how,
                                     const std::string& client);
  void refuse(net::Admission why, const std::string& client);
  void reap();
  void tell_all(int signal) const;
  void wait_for_programs(std::chrono::milliseconds limit);

  ServiceOptions options_;
  const log::Logger& logger_;
  process::SignalSource signals_;
  std::vector<net::ListenerSpec> specs_;
  net::ConnectionCounts counts_;
  net::Listening listening_;
  std::vector<Running> running_;
  net::Seldom refusals_, failures_;
  int stop_signals_ = 0;
};

}  // namespace tubepost::listen
