// Sockets that listen: bound by address, host name or Unix path, or passed by whoever started us. Used by
// Server and listen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "base/unique_fd.h"
#include "log/logger.h"
#include "net/endpoint.h"

namespace tubepost::net {

inline constexpr int first_passed_fd = 3;  // sd_listen_fds(3)

struct ListenerSpec;

struct ListeningSocket {
  UniqueFd fd;  // non-blocking, close-on-exec
  std::size_t listener = 0;
  std::optional<Endpoint> endpoint;  // nullopt: a Unix socket
};

struct Listening {
  std::vector<ListeningSocket> sockets;
  ExitStatus status = ExitStatus::ok;  // else the log says why
};

// LISTEN_FDS first, then what the specs name. All or nothing.
Listening open_listeners(const std::vector<ListenerSpec>& specs, const log::Logger& logger);

}  // namespace tubepost::net
