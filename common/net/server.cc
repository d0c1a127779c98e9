#include "net/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "net/acceptor.h"
#include "net/connection_counts.h"
#include "net/doze.h"
#include "net/listening.h"
#include "net/readiness.h"
#include "net/successor.h"
#include "net/wait.h"
#include "net/worker_pool.h"
#include "process/signals.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr auto after_cut_off = 2s;

CountLimits limits_of(const ServerOptions& options) {
  CountLimits limits{options.connections, options.connections_per_address, {}, options.connections_per_user};
  for (const ListenerSpec& listener : options.listeners) limits.per_listener.push_back(listener.connections);
  return limits;
}

}  // namespace

struct Server::State {
  State(ServerOptions given, const log::Logger& to)
      : options(std::move(given)), logger(to), counts(limits_of(options)) {
    renew_stop_event();
  }

  void renew_stop_event() { stop_event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }
  ExitStatus run_worker(unsigned worker, const std::function<Result<Handler>()>& make_handler,
                        const std::function<void()>& on_hangup, bool alone);
  ExitStatus run_workers(const std::function<Result<Handler>()>& make_handler,
                         const std::function<void()>& on_hangup);
  void accept_until_stopped(Acceptor& acceptor, const std::function<void()>& on_hangup);
  bool told_to_stop(const std::function<void()>& on_hangup);
  void end_sessions(SessionRegistry& sessions);

  ServerOptions options;
  const log::Logger& logger;
  ConnectionCounts counts;  // before any fork: all workers share it
  process::SignalSource signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
  UniqueFd stop_event;
  std::atomic<ExitStatus> stop_status{ExitStatus::ok};
  bool succeeded = false;
  Listening listening;
  std::vector<Endpoint> endpoints;  // of `listening`, kept beyond it: may be asked for while the server stops
};

Server::Server(ServerOptions options, const log::Logger& logger)
    : state_(std::make_unique<State>(std::move(options), logger)) {}

Server::~Server() = default;

ExitStatus Server::open() {
  State& state = *state_;
  if (!state.listening.sockets.empty()) return ExitStatus::ok;
  state.listening = open_listeners(state.options.listeners, state.logger);
  for (const ListeningSocket& socket : state.listening.sockets)
    if (socket.endpoint) state.endpoints.push_back(*socket.endpoint);
  return state.listening.status;
}

std::vector<Endpoint> Server::endpoints() const { return state_->endpoints; }

ExitStatus Server::run(const std::function<Result<Handler>()>& make_handler,
                       const std::function<void()>& on_hangup) {
  process::ignore_sigpipe();
  share_heap();
  if (const auto status = open(); status != ExitStatus::ok) return status;
  if (state_->options.workers > 1) return state_->run_workers(make_handler, on_hangup);
  return state_->run_worker(0, make_handler, on_hangup, true);
}

void Server::stop(ExitStatus status) {
  state_->stop_status = status;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(state_->stop_event.get(), &one, sizeof one);
}

ExitStatus Server::State::run_workers(const std::function<Result<Handler>()>& make_handler,
                                      const std::function<void()>& on_hangup) {
  WorkerPool::Plan plan;
  plan.workers = options.workers;
  plan.grace = options.grace;
  plan.work = [&](unsigned worker) {
    renew_stop_event();  // the parent's is shared with the other workers
    return run_worker(worker, make_handler, on_hangup, false);
  };
  plan.worker_died = [&](unsigned worker) { counts.forget_worker(worker); };
  plan.all_started = [&] { announce_ready(options.ready_fd); };
  plan.succeeding = [&] { be_succeeded(listening.sockets, options.listeners); };
  plan.stopping = [&] { listening.sockets.clear(); };
  return WorkerPool(std::move(plan), signals, logger).run();
}

ExitStatus Server::State::run_worker(unsigned worker, const std::function<Result<Handler>()>& make_handler,
                                     const std::function<void()>& on_hangup, bool alone) {
  auto handler = make_handler();
  if (!handler) {
    logger.error("cannot-start", {{"reason", handler.error().text}});
    return handler.error().retry == Retry::later ? ExitStatus::later : ExitStatus::configuration;
  }
  Acceptor acceptor(options, logger, counts, worker, std::move(*handler));
  if (alone) announce_ready(options.ready_fd);
  accept_until_stopped(acceptor, on_hangup);
  if (succeeded) be_succeeded(listening.sockets, options.listeners);
  listening.sockets.clear();
  end_sessions(acceptor.sessions());
  return stop_status;
}

bool Server::State::told_to_stop(const std::function<void()>& on_hangup) {
  while (const int signal = signals.take()) {
    if (signal == SIGTERM || signal == SIGINT) return true;
    if (signal == SIGHUP && on_hangup) on_hangup();
    succeeded = signal == SIGUSR1 && options.workers <= 1;
    if (succeeded) return true;
  }
  pollfd stop{stop_event.get(), POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0;
}

void Server::State::accept_until_stopped(Acceptor& acceptor, const std::function<void()>& on_hangup) {
  std::vector<pollfd> fds = {{signals.fd(), POLLIN, 0}, {stop_event.get(), POLLIN, 0}};
  const std::size_t own = fds.size();
  for (const ListeningSocket& socket : listening.sockets) fds.push_back({socket.fd.get(), POLLIN, 0});
  for (;;) {
    const auto pause = acceptor.pause();
    const std::span<pollfd> watched(fds.data(), pause > 0ms ? own : fds.size());
    for (pollfd& fd : fds) fd.revents = 0;
    poll_until(watched, pause > 0ms ? static_cast<int>(pause.count()) : -1);
    if ((fds[0].revents || fds[1].revents) && told_to_stop(on_hangup)) return;
    for (std::size_t i = own; i < watched.size(); ++i)
      if (fds[i].revents) acceptor.accept_from(listening.sockets[i - own]);
  }
}

void Server::State::end_sessions(SessionRegistry& sessions) {
  logger.info("stopping", {{"sessions", sessions.threads()}});
  sessions.interrupt_all();
  if (sessions.wait_for_threads(options.grace)) return;
  logger.warning("sessions-cut-off", {{"sessions", sessions.threads()}});
  sessions.cut_off_all();
  if (sessions.wait_for_threads(after_cut_off)) return;
  // They sit in a call that does not end. To return would destroy what they use; all that is durable is on
  // disk.
  logger.error("sessions-abandoned", {{"sessions", sessions.threads()}});
  std::_Exit(to_int(stop_status.load()));
}

}  // namespace tubepost::net
