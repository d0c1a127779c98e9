#include "net/fd_stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "base/file.h"
#include "net/doze.h"
#include "net/sockaddr.h"
#include "net/wait.h"

namespace tubepost::net {
namespace {

using std::chrono::milliseconds;

// poll() promises room for PIPE_BUF bytes in a pipe, no more: a longer write could block beyond the limit.
std::size_t piece(std::size_t size, milliseconds limit) {
  return limit.count() > 0 ? std::min<std::size_t>(size, PIPE_BUF) : size;
}

Result<std::unique_ptr<Stream>> connect_socket(UniqueFd socket, const sockaddr* address, socklen_t size,
                                               milliseconds limit, const std::string& name) {
  if (!socket) return Failure::temporary("cannot make a socket: " + error_text(errno));
  const timeval time = to_timeval(limit);  // connect() obeys SO_SNDTIMEO
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  if (::connect(socket.get(), address, size) != 0) {
    const bool slow = errno == EINPROGRESS || errno == EAGAIN || errno == EALREADY;
    return Failure::temporary("cannot connect to " + name + ": " + error_text(slow ? ETIMEDOUT : errno),
                              {4, 4, 1});
  }
  const timeval none{};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  return std::unique_ptr<Stream>(std::make_unique<FdStream>(std::move(socket)));
}

}  // namespace

FdStream::FdStream(int input, int output)
    : input_(input), output_(output), input_way_(way_of(input)), output_way_(way_of(output)) {
  if (input_way_ == Way::polled) wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

FdStream::FdStream(UniqueFd socket) : FdStream(socket.get(), socket.get()) { owned_ = std::move(socket); }

FdStream::~FdStream() = default;

FdStream::Way FdStream::way_of(int fd) {
  struct stat status {};
  const bool socket = ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
  const int flags = ::fcntl(fd, F_GETFL);
  return socket && flags >= 0 && (flags & O_NONBLOCK) == 0 ? Way::kernel_times : Way::polled;
}

void FdStream::let_kernel_time(int socket, int option, milliseconds limit, milliseconds& set) {
  if (set == limit) return;
  const timeval time = to_timeval(limit);
  ::setsockopt(socket, SOL_SOCKET, option, &time, sizeof time);
  set = limit;
}

void FdStream::end_of(int error_number) const {
  if (must_end()) throw ShuttingDown();
  if (error_number == EAGAIN || error_number == EWOULDBLOCK) throw TimedOut();
  throw Disconnected();
}

std::size_t FdStream::read(std::span<char> into) {
  if (input_way_ == Way::polled) return read_polled(into);
  bool is_awake = limit_.count() <= 0 || limit_ > awake_for;
  let_kernel_time(input_, SO_RCVTIMEO, is_awake ? awake_for : limit_, read_limit_set_);
  for (;;) {
    const ssize_t count = ::recv(input_, into.data(), into.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0 && must_end()) throw ShuttingDown();
    if (count == 0) return 0;
    if (errno == EINTR) continue;
    const bool nothing_came = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!nothing_came || !is_awake || must_end()) end_of(errno);
    is_awake = false;
    give_back_stack();
    const auto rest = limit_.count() <= 0 ? milliseconds(0) : limit_ - awake_for;
    let_kernel_time(input_, SO_RCVTIMEO, rest, read_limit_set_);
  }
}

// Readable is also what has ended or failed, and an interrupted stream: read() returns, or throws, at once.
bool FdStream::poll_input(milliseconds limit) const {
  pollfd fds[2] = {{input_, POLLIN, 0},
                   {wake_.get(), POLLIN, 0}};  // poll() passes over a negative descriptor
  const int wait = static_cast<int>(std::clamp<long long>(limit.count(), -1, INT_MAX));
  return poll_dozing(fds, wait) > 0;
}

std::size_t FdStream::read_polled(std::span<char> into) {
  const Deadline deadline(limit_);
  for (;;) {
    if (!poll_input(milliseconds(deadline.poll_milliseconds()))) throw TimedOut();
    // What has already come is still given: only a wait is interrupted.
    pollfd input{input_, POLLIN, 0};
    if (must_end() && poll_until({&input, 1}, 0) == 0) throw ShuttingDown();
    const ssize_t count = ::read(input_, into.data(), into.size());
    if (count == 0 && must_end()) throw ShuttingDown();
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) end_of(errno);
  }
}

void FdStream::write(std::string_view bytes) {
  if (output_way_ == Way::polled) return write_polled(bytes);
  let_kernel_time(output_, SO_SNDTIMEO, limit_, write_limit_set_);
  const Deadline deadline(limit_);
  while (!bytes.empty()) {
    const ssize_t count = ::send(output_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw TimedOut();
    if (count < 0) throw Disconnected();
    bytes.remove_prefix(static_cast<std::size_t>(count));
    // A blocking send is short only when it has waited its time out or a signal came.
    if (!bytes.empty() && deadline.passed()) throw TimedOut();
  }
}

void FdStream::write_polled(std::string_view bytes) {
  const Deadline deadline(limit_);
  while (!bytes.empty()) {
    pollfd output{output_, POLLOUT, 0};
    if (poll_until({&output, 1}, deadline.poll_milliseconds()) == 0) throw TimedOut();
    const ssize_t count = ::write(output_, bytes.data(), piece(bytes.size(), limit_));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) throw Disconnected();
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool FdStream::wait_readable(milliseconds limit) { return poll_input(limit); }

Stream::Woken FdStream::wait(int other, milliseconds limit) {
  pollfd fds[3] = {{input_, POLLIN, 0}, {wake_.get(), POLLIN, 0}, {other, POLLIN, 0}};
  const int wait = static_cast<int>(std::clamp<long long>(limit.count(), -1, INT_MAX));
  if (poll_dozing(fds, wait) == 0) return Woken::time;
  return fds[0].revents != 0 || fds[1].revents != 0 ? Woken::input : Woken::other;
}

void FdStream::interrupt() {
  interrupted_ = true;
  if (!postponed_) wake_reader();
}

// Either this thread sees the interrupt, or interrupt() sees that it is not postponed any more.
void FdStream::postpone_interrupt(bool postpone) {
  postponed_ = postpone;
  if (!postpone && must_end()) wake_reader();
}

void FdStream::wake_reader() {
  if (input_way_ == Way::kernel_times) {
    ::shutdown(input_, SHUT_RD);
  } else {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
  }
}

void FdStream::close() {
  if (!owned_) return;
  ::shutdown(owned_.get(), SHUT_WR);
  // Input that nobody has read would make the kernel send RST at close, and the peer could lose our last
  // words.
  char unread[4096];
  for (int i = 0; i < 16 && ::recv(owned_.get(), unread, sizeof unread, MSG_DONTWAIT) > 0; ++i) {
  }
}

std::optional<Endpoint> peer_of(int socket) {
  SocketAddress address;
  if (::getpeername(socket, address.raw(), address.size_for_kernel()) != 0) return std::nullopt;
  return address.endpoint();
}

std::optional<Endpoint> local_of(int socket) {
  SocketAddress address;
  if (::getsockname(socket, address.raw(), address.size_for_kernel()) != 0) return std::nullopt;
  return address.endpoint();
}

Result<std::unique_ptr<Stream>> connect_unix(const std::string& path, milliseconds limit) {
  const auto address = SocketAddress::of_unix(path);
  if (!address) return Failure::permanent("the path of a Unix socket is too long: " + path);
  return connect_socket(UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), address->raw(),
                        address->size(), limit, path);
}

Result<std::unique_ptr<Stream>> connect_tcp(const Endpoint& endpoint, milliseconds limit,
                                            const std::optional<IpAddress>& source) {
  const auto address = SocketAddress::of(endpoint);
  UniqueFd socket(::socket(address.raw()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (socket) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (socket && source) {
    const auto from = SocketAddress::of({*source, 0});
    if (::bind(socket.get(), from.raw(), from.size()) != 0)
      return Failure::temporary("cannot connect from " + source->to_text() + ": " + error_text(errno), {4, 4, 1});
  }
  return connect_socket(std::move(socket), address.raw(), address.size(), limit, endpoint.to_text());
}

}  // namespace tubepost::net
