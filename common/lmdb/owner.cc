#include "lmdb/owner.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::lmdb {
namespace {

// How long two of us that find a stale line at the same time may need to settle who rewrites it.
constexpr int attempts = 50;
constexpr std::chrono::milliseconds pause{10};

bool lock(int fd, int operation) {
  int code = 0;
  do code = ::flock(fd, operation);
  while (code != 0 && errno == EINTR);
  return code == 0;
}

std::string read_line(int fd) {
  char text[200];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  return std::string(trim(std::string_view(text, got > 0 ? static_cast<std::size_t>(got) : 0)));
}

// Written without a sync: after a crash of the machine another boot id counts anyway.
void write_line(int fd, const std::string& owner) {
  const std::string line = owner + '\n';
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const auto written = ::pwrite(fd, line.data(), line.size(), 0);
}

UniqueFd open_owner_file(const std::string& path, unsigned mode, bool& writable) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd) ::fchmod(fd.get(), mode);  // whatever the umask: see ModeOfNewFiles
  if (!fd) fd.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  writable = static_cast<bool>(fd);
  if (!fd) fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd;
}

}  // namespace

std::string this_owner() {
  auto boot = read_file("/proc/sys/kernel/random/boot_id", 100);
  struct stat status {};
  const bool known = ::stat("/proc/self/ns/pid", &status) == 0;
  return (boot ? std::string(trim(*boot)) : "unknown") + ' ' +
         (known ? std::to_string(status.st_ino) : "unknown");
}

Result<UniqueFd> take_ownership(const std::string& folder, unsigned mode, const std::string& owner) {
  const std::string path = folder + "/owner";
  bool writable = false;
  UniqueFd fd = open_owner_file(path, mode, writable);
  if (!fd) return fd;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (!lock(fd.get(), LOCK_SH)) return Failure::temporary(path + ": lock: " + error_text(errno));
    if (read_line(fd.get()) == owner) return fd;
    if (lock(fd.get(), LOCK_EX | LOCK_NB)) {
      if (!writable) return lock(fd.get(), LOCK_SH), std::move(fd);  // nobody else is there, and we only read
      write_line(fd.get(), owner);
    } else {
      lock(fd.get(), LOCK_UN);
      std::this_thread::sleep_for(pause);
    }
  }
  return Failure::temporary(folder +
                            ": in use from another host or PID namespace (see the file owner in it)");
}

}  // namespace tubepost::lmdb
