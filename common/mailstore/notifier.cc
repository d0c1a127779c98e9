#include "mailstore/notifier.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "lmdb/environment.h"

namespace tubepost::mailstore {

Notifier::Notifier(std::string folder) : folder_(std::move(folder)) {
  if (!folder_.empty()) socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

void Notifier::tell(const std::vector<Changed>& changed) const {
  if (!socket_) return;
  for (std::size_t first = 0; first < changed.size(); first += changes_per_datagram) {
    std::string datagram;
    for (std::size_t i = first; i < std::min(changed.size(), first + changes_per_datagram); ++i) {
      lmdb::append_u64(datagram, changed[i].account);
      lmdb::append_u32(datagram, changed[i].mailbox);
    }
    send(datagram);
  }
}

void Notifier::send(const std::string& datagram) const {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), &::closedir);
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_type != DT_SOCK) continue;
    // By way of the descriptor: a socket's path has at most 107 bytes, the home may be deeper.
    const std::string path = "/proc/self/fd/" + std::to_string(::dirfd(folder.get())) + '/' + entry->d_name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) continue;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    if (::sendto(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to,
                 sizeof address) < 0 &&
        errno == ECONNREFUSED)
      ::unlinkat(::dirfd(folder.get()), entry->d_name, 0);
  }
}

}  // namespace tubepost::mailstore
