// How a service says to its supervisor that it takes connections. Without anything else of this library, so that a program with a
// listener of its own pays for nothing more.
#pragma once

#include <optional>

namespace tubepost::net {

// A newline on `ready_fd`, which is then closed (s6); READY=1 on NOTIFY_SOCKET (systemd).
void announce_ready(const std::optional<int>& ready_fd);

}  // namespace tubepost::net
