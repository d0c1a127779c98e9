#include "base/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/exit_status.h"

namespace tubepost {
namespace {

// Open, and of no use: for writing only what is read from, and the reverse.
void hold(int fd) {
  if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) return;
  const int held = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  if (held == -1 || held == fd) return;
  ::dup2(held, fd);
  ::close(held);
}

// Of a pipe or a socket.
bool reader_has_gone() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

// Whether all that was printed has been written.
bool flush_results() {
  const bool flushed = std::fflush(stdout) == 0;
  const int error = flushed ? 0 : errno;  // of an earlier write it is not known any more
  if (flushed && std::ferror(stdout) == 0) return true;
  if (!reader_has_gone())
    std::fprintf(stderr, "%s: standard output: %s\n", program_invocation_short_name,
                 error == 0 ? "cannot be written" : std::strerror(error));
  return false;
}

void check_results() {
  if (!flush_results()) ::_exit(to_int(ExitStatus::later));
}

}  // namespace

void prepare_standard_streams() {
  static bool prepared = false;
  if (prepared) return;
  prepared = true;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) hold(fd);
  std::atexit(check_results);
}

void let_results_be_lost() {
  if (flush_results()) return;
  ::__fpurge(stdout);
  std::clearerr(stdout);
}

}  // namespace tubepost
