#include "net/readiness.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace tubepost::net {
namespace {

void notify_systemd(std::string path, std::string_view state) {
  if (path.front() == '@') path.front() = '\0';  // an abstract socket
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size()));
}

}  // namespace

void announce_ready(const std::optional<int>& ready_fd) {
  if (ready_fd) {
    const UniqueFd fd(*ready_fd);
    [[maybe_unused]] const auto written = ::write(fd.get(), "\n", 1);
  }
  if (const char* path = std::getenv("NOTIFY_SOCKET"); path && *path) notify_systemd(path, "READY=1\n");
}

}  // namespace tubepost::net
