#include "net/wait.h"

#include <cerrno>

namespace tubepost::net {

int poll_until(std::span<pollfd> fds, int milliseconds) {
  const Deadline deadline{std::chrono::milliseconds(std::max(milliseconds, 0))};
  int wait = milliseconds;
  for (;;) {
    const int ready = ::poll(fds.data(), fds.size(), wait);
    if (ready >= 0) return ready;
    if (errno != EINTR) return 0;  // EFAULT, EINVAL: bugs; ENOMEM: as if nothing had come
    if (milliseconds > 0) wait = deadline.poll_milliseconds();
  }
}

timeval to_timeval(std::chrono::milliseconds limit) {
  timeval time{};
  time.tv_sec = limit.count() / 1000;
  time.tv_usec = limit.count() % 1000 * 1000;
  return time;
}

}  // namespace tubepost::net
