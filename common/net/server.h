// The listener around sessions: accepts on TCP and Unix sockets, counts (L2, L3, L5), runs a handler in a
// small-stack thread per connection, and stops gracefully. It knows no protocol.
//
// Make the Server in main before any thread: it blocks the signals it waits for (SIGTERM, SIGINT, SIGHUP,
// SIGUSR1, SIGCHLD), and threads made earlier would still die of them.
//
// Stop: SIGTERM or SIGINT closes the listeners at once; idle sessions are interrupted (Stream::interrupt, so
// they throw ShuttingDown where they next wait for input), sessions in work may finish for `grace`; then
// run() returns 0. SIGUSR1 does the same, and when main has returned the program, which may be a newer one by then, is executed
// again in this process with the sockets that were open all the time (successor.h).
//
// Readiness (newline on ready_fd, READY=1 on NOTIFY_SOCKET) is given when all sockets are bound. LISTEN_FDS sockets are used before any is bound: they replace the addresses of the listener they are
// named for (LISTEN_FDNAMES; without names: the listener whose port they have, else the first). A port that
// is taken: the log says who holds it and its greeting (L13); exit 75. With `workers` > 1 the sockets are
// bound once, worker processes are forked and restarted, and the limits hold over all (counts in shared
// memory). The handler is then made in each worker, after the fork (LMDB demands it).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "log/logger.h"
#include "net/address_set.h"
#include "net/endpoint.h"
#include "net/stream.h"

namespace tubepost::net {

struct PeerCredentials {  // SO_PEERCRED of a Unix socket
  unsigned uid, gid;
  int pid;
};

struct Connection {
  std::unique_ptr<Stream> stream;
  std::optional<Endpoint> peer, local;         // nullopt: a Unix socket, or unknown
  std::optional<PeerCredentials> credentials;  // Unix sockets
  std::size_t listener = 0;                    // index of the ListenerSpec it came in by
  // To be asked when somebody logs in, with a number of theirs; 0: out again. False: connections_per_user.
  std::function<bool(std::uint64_t user)> name_user{};
};

struct ListenerSpec {
  std::vector<std::string> addresses;  // "addr:port", "host:port", "unix:PATH"; empty: this listener is off
  std::uint16_t default_port = 0;
  std::string name;               // for the log and as the LISTEN_FDNAMES name: "smtpd", "submissions"
  std::size_t connections = 100;  // L5: per listener as well as in total
  unsigned unix_mode = 0660;      // of a Unix socket
  bool tls = false;  // TLS from the start: who is over a limit is closed without a text it could not read
};

struct ServerOptions {
  std::vector<ListenerSpec> listeners;
  std::size_t connections = 100;             // in total, over all workers
  std::size_t connections_per_address = 10;  // IPv6: per /64; loopback counts like any other
  std::size_t connections_per_user = 0;      // over all workers; 0: no limit
  unsigned workers = 1;
  std::size_t stack_bytes = 256 * 1024;
  std::optional<int> ready_fd;
  std::chrono::seconds grace{30};
  // What a client over a limit is told before it is closed; written without waiting (never blocks).
  std::string too_many_text, too_many_from_address_text;
  // Peers that begin with a PROXY protocol header, and whose word for the client's address is taken. For them
  // the limit per address counts the client named; without a right header they are closed.
  AddressSet proxy_hosts;
};

using Handler =
    std::function<void(Connection)>;  // runs in the connection's thread; must throw nothing but StreamEnd

class Server {
public:
  Server(ServerOptions options, const log::Logger& logger);
  ~Server();
  // Binds the sockets, or takes those passed; run() does it if need be. 75: a port is taken; 78: an address
  // is wrong.
  ExitStatus open();
  std::vector<Endpoint> endpoints()
      const;  // where it listens by TCP, in the order of the listeners, once open
  // `make_handler` runs in each worker process before it accepts. Returns when stopped.
  // SIGHUP calls `on_hangup` (certificates), if given.
  ExitStatus run(const std::function<Result<Handler>()>& make_handler,
                 const std::function<void()>& on_hangup = {});
  // From any thread of a worker: stop as SIGTERM does and end with this status (a failed commit: 75).
  void stop(ExitStatus status);

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::net
