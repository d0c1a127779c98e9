// TLS in front of a program that knows none: one process per connection, which the program's own process
// cannot read.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "log/logger.h"
#include "process/child.h"
#include "tls/context.h"

namespace tubepost::listen {

struct Relay {
  tls::ServerContext& tls;
  const std::vector<std::string>& program;
  process::ChildOptions how;  // its environment; TLS=1 is added
  std::string client;         // for the log
};

// Does the handshake, runs the program on one end of a socket pair, carries bytes until the program has
// ended. To be called in a process of its own.
void run_relay(const Relay& relay, UniqueFd socket, const log::Logger& logger);

// Carries bytes between the client and `program` (a socket) until the program says no more or the client is
// gone. Never waits for a program that does not read: it may itself be waiting for us to take what it writes.
void carry(net::Stream& client, int client_fd, int program);

}  // namespace tubepost::listen
