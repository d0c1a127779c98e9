#include "listen/service.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "listen/relay.h"
#include "net/fd_stream.h"
#include "net/readiness.h"
#include "net/sockaddr.h"
#include "net/wait.h"

namespace tubepost::listen {
namespace {

using namespace std::chrono_literals;

constexpr int accepted_in_a_row = 16;
constexpr int shortage_pause = 100;  // milliseconds
constexpr auto after_terminate = 5s;

std::vector<net::ListenerSpec> specs_of(const ServiceOptions& options) {
  net::ListenerSpec spec;
  spec.addresses = options.addresses;
  spec.name = "listen";
  spec.connections = options.connections;
  return {spec};
}

// What ucspi-tcp's clients of this interface know: PROTO and the four addresses; nothing of ours or of an
// outer listener.
process::ChildOptions environment_of(int fd, const std::optional<net::Endpoint>& peer) {
  process::ChildOptions how;
  how.unset_env = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "TLS"};
  const auto local = peer ? net::local_of(fd) : std::nullopt;
  if (peer && local) {
    how.set_env = {{"PROTO", "TCP"},
                   {"TCPREMOTEIP", peer->address.to_text()},
                   {"TCPREMOTEPORT", std::to_string(peer->port)},
                   {"TCPLOCALIP", local->address.to_text()},
                   {"TCPLOCALPORT", std::to_string(local->port)}};
  } else {
    how.set_env = {{"PROTO", "UNIX"}};
    how.unset_env.insert(how.unset_env.end(), {"TCPREMOTEIP", "TCPREMOTEPORT", "TCPLOCALIP", "TCPLOCALPORT"});
  }
  return how;
}

}  // namespace

Service::Service(ServiceOptions options, const log::Logger& logger)
    : options_(std::move(options)),
      logger_(logger),
      signals_({SIGTERM, SIGINT, SIGHUP, SIGCHLD}),
      specs_(specs_of(options_)),
      counts_({options_.connections, options_.connections_per_address, {options_.connections}}) {
  process::ignore_sigpipe();
}

Service::~Service() = default;

bool Service::Running::has_ended() {
  if (program) return program->poll().has_value();
  return ::waitpid(pid, nullptr, WNOHANG) == pid;
}

ExitStatus Service::open() {
  if (listening_.sockets.empty()) listening_ = net::open_listeners(specs_, logger_);
  return listening_.status;
}

std::vector<net::Endpoint> Service::endpoints() const {
  std::vector<net::Endpoint> found;
  for (const auto& socket : listening_.sockets)
    if (socket.endpoint) found.push_back(*socket.endpoint);
  return found;
}

ExitStatus Service::run() {
  if (const auto status = open(); status != ExitStatus::ok) return status;
  net::announce_ready(options_.ready_fd);
  while (stop_signals_ == 0) watch(-1, true);
  listening_.sockets.clear();
  logger_.info("stopping", {{"sessions", running_.size()}});
  wait_for_programs(options_.grace);
  tell_all(SIGTERM);
  wait_for_programs(after_terminate);
  tell_all(SIGKILL);
  return ExitStatus::ok;
}

void Service::wait_for_programs(std::chrono::milliseconds limit) {
  const net::Deadline deadline(std::max(limit, 1ms));
  const int signals_before = stop_signals_;
  while (!running_.empty() && stop_signals_ == signals_before && !deadline.passed())
    watch(deadline.poll_milliseconds(), false);
}

void Service::watch(int milliseconds, bool listen) {
  std::vector<pollfd> fds = {{signals_.fd(), POLLIN, 0}};
  if (listen)
    for (const auto& socket : listening_.sockets) fds.push_back({socket.fd.get(), POLLIN, 0});
  net::poll_until(fds, milliseconds);
  if (fds.front().revents) take_signals();
  for (std::size_t i = 1; i < fds.size() && stop_signals_ == 0; ++i)
    if (fds[i].revents) accept_from(listening_.sockets[i - 1]);
}

void Service::take_signals() {
  while (const int signal = signals_.take()) {
    if (signal == SIGTERM || signal == SIGINT) ++stop_signals_;
    if (signal == SIGHUP && options_.tls) options_.tls->reload();
    if (signal == SIGCHLD) reap();
  }
}

void Service::reap() {
  std::erase_if(running_, [this](Running& one) {
    if (!one.has_ended()) return false;
    counts_.release(one.slot);
    return true;
  });
}

void Service::tell_all(int signal) const {
  for (const Running& one : running_) ::kill(one.pid, signal);
}

void Service::accept_from(const net::ListeningSocket& socket) {
  for (int i = 0; i < accepted_in_a_row; ++i) {
    net::SocketAddress address;
    UniqueFd fd(::accept4(socket.fd.get(), address.raw(), address.size_for_kernel(), SOCK_CLOEXEC));
    if (fd) {
      begin(std::move(fd), address.endpoint());
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (failures_.due()) logger_.error("accept-failed", {{"reason", error_text(errno)}});
      watch(shortage_pause, false);  // the listener would be ready all the time
      return;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF || errno == EINVAL) return;
  }
}

void Service::begin(UniqueFd fd, const std::optional<net::Endpoint>& peer) {
  reap();  // who has just ended makes room, though its signal may come later
  const std::string client = peer ? peer->to_text() : "local";
  const auto address = peer ? std::optional(peer->address) : std::nullopt;
  net::ConnectionCounts::Slot slot = 0;
  if (const auto admission = counts_.admit(0, 0, address, slot); admission != net::Admission::admitted)
    return refuse(admission, client);
  const int on = 1;
  if (peer) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto how = environment_of(fd.get(), peer);
  auto running = options_.tls ? start_relay(std::move(fd), how, client) : start(std::move(fd), how, client);
  if (!running) return counts_.release(slot);
  running->slot = slot;
  logger_.debug("connected", {{"client", client}, {"pid", running->pid}});
  running_.push_back(std::move(*running));
}

std::optional<Service::Running> Service::start(UniqueFd fd, const process::ChildOptions& how,
                                               const std::string& client) {
  auto options = how;
  options.redirects = {{fd.get(), 0}, {fd.get(), 1}};
  auto child = process::Child::spawn(options_.program, options);
  if (!child) {
    logger_.error("program-not-started", {{"client", client}, {"reason", child.error().text}});
    return std::nullopt;
  }
  const pid_t pid = child->pid();
  return Running{pid, 0, std::move(*child)};
}

std::optional<Service::Running> Service::start_relay(UniqueFd fd, const process::ChildOptions& how,
                                                     const std::string& client) {
  const pid_t pid = ::fork();
  if (pid < 0) {
    logger_.error("program-not-started", {{"client", client}, {"reason", error_text(errno)}});
    return std::nullopt;
  }
  if (pid > 0) return Running{pid, 0, std::nullopt};
  // The relay is no listener and answers signals like any program.
  listening_.sockets.clear();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  run_relay({*options_.tls, options_.program, how, client}, std::move(fd), logger_);
  std::_Exit(0);
}

void Service::refuse(net::Admission why, const std::string& client) {
  const bool by_address = why == net::Admission::too_many_from_address;
  if (const auto unsaid = refusals_.due())
    logger_.warning("connection-refused", {{"listener", "listen"},
                                           {"client", client},
                                           {"reason", by_address ? "too many from this address" : "too many"},
                                           {"unsaid", *unsaid}});
}

}  // namespace tubepost::listen
