#include "net/stream.h"

#include "net/wait.h"

namespace tubepost::net {
namespace {

constexpr std::chrono::milliseconds slice{10};

bool is_readable(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return fd >= 0 && poll_until({&polled, 1}, 0) > 0;
}

}  // namespace

// For streams that have no descriptor of their own (tests): looks at both in turns.
Stream::Woken Stream::wait(int other, std::chrono::milliseconds limit) {
  const Deadline deadline(limit);
  for (;;) {
    if (is_readable(other)) return wait_readable({}) ? Woken::input : Woken::other;
    if (wait_readable(slice)) return Woken::input;
    if (deadline.passed()) return Woken::time;
  }
}

}  // namespace tubepost::net
