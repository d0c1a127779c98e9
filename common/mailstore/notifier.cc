#include "mailstore/notifier.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "lmdb/environment.h"

namespace tubepost::mailstore {

namespace {

constexpr std::time_t settled_seconds = 2;  // a file system's clock may tick so coarsely

// By way of the folder's descriptor: a socket's path has at most 107 bytes, the home may be deeper. Empty, and errno
// says why: ECONNREFUSED is that nobody listens there.
UniqueFd connect_to(int folder, const char* name) {
  errno = 0;
  const std::string path = "/proc/self/fd/" + std::to_string(folder) + '/' + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

}  // namespace

Notifier::Notifier(std::string folder) : folder_(std::move(folder)) {}

void Notifier::tell(const std::vector<Changed>& changed) const {
  if (folder_.empty() || changed.empty()) return;
  const std::lock_guard lock(mutex_);
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
  if (!is_as_it_was()) find_listeners();
  for (const auto& listener : listeners_)
    if (::send(listener.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EWOULDBLOCK)
      folder_time_ = {};  // it has gone: look for its successor next time
}

bool Notifier::is_as_it_was() const {
  struct stat now {};
  return folder_time_.tv_sec != 0 && ::stat(folder_.c_str(), &now) == 0 &&
         now.st_mtim.tv_sec == folder_time_.tv_sec && now.st_mtim.tv_nsec == folder_time_.tv_nsec;
}

void Notifier::find_listeners() const {
  listeners_.clear();
  folder_time_ = {};
  bool is_whole = true;
  struct stat before {};
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), &::closedir);
  if (!folder || ::fstat(::dirfd(folder.get()), &before) != 0) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_type != DT_SOCK || listeners_.size() == listeners_max) continue;
    if (auto socket = connect_to(::dirfd(folder.get()), entry->d_name))
      listeners_.push_back(std::move(socket));
    else if (errno == ECONNREFUSED)
      ::unlinkat(::dirfd(folder.get()), entry->d_name, 0);
    else
      is_whole = false;  // no descriptor is left, perhaps
  }
  // A folder that changed just now may do so once more without showing it.
  if (is_whole && ::time(nullptr) - before.st_mtim.tv_sec > settled_seconds) folder_time_ = before.st_mtim;
}

}  // namespace tubepost::mailstore
