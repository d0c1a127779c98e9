// The listener is written out here: net::Server is linked with POCO, which every start of avscan-wrap as a
// program would pay for.
#include "avscan-wrap/service.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "avscan-wrap/filter.h"
#include "avscan-wrap/limits.h"
#include "base/file.h"
#include "base/text.h"
#include "net/fd_stream.h"
#include "net/readiness.h"
#include "net/sockaddr.h"
#include "net/wait.h"
#include "policy/filter_service.h"
#include "process/signals.h"

namespace tubepost::avscan {
namespace {

constexpr std::chrono::seconds client_time{60};  // smtpd has the message already, and waits
constexpr std::chrono::seconds grace{30};        // for messages in work, when told to stop
constexpr int backlog = 200;
constexpr EnhancedStatus too_large{5, 3, 4};

void serve_one(const Options& options, net::Stream& stream, const log::Logger& logger) {
  stream.set_time_limit(client_time);
  net::LineStream lines(stream);
  const auto request = policy::read_filter_request(lines, message_max);
  if (!request) {
    logger.warning("bad-request", {{"reason", request.error().text}});
    if (request.error().status == too_large)  // as by the program
      policy::write_filter_answer(
          lines, {static_cast<int>(Said::refuse), "The message cannot be read: " + request.error().text, {}});
    return;
  }
  const auto& variables = request->variables;
  const Envelope envelope = read_envelope([&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  const auto scanner = make_scanner(options);
  Filter filter(options, *scanner, logger);
  const Decision decision = filter.decide(request->message, envelope);
  policy::write_filter_answer(lines, {static_cast<int>(decision.said), decision.reply, decision.changed});
  filter.tell(decision, request->message, envelope);
}

// The threads that are at work; a thread each, at most connections_max.
class Crew {
public:
  void wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ < connections_max; });
  }
  bool wait_for_all(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return count_ == 0; });
  }
  void start(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      ++count_;
    }
    try {
      std::thread([this, work = std::move(work)] {
        work();
        end();
      }).detach();
    } catch (const std::system_error&) {  // no thread: the client is closed, and smtpd says "later"
      end();
    }
  }

private:
  void end() {
    const std::lock_guard lock(mutex_);
    --count_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
};

// Whoever was killed has left the name of the socket; somebody who answers on it is not replaced.
Result<UniqueFd> open_socket(const std::string& path) {
  auto address = net::SocketAddress::of_unix(path);
  if (!address) return Failure::permanent(path + ": no path for a socket");
  if (net::connect_unix(path, std::chrono::seconds(5)))
    return Failure::temporary(path + ": somebody serves there");
  ::unlink(path.c_str());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || ::bind(socket.get(), address->raw(), address->size()) != 0 ||
      ::chmod(path.c_str(), 0660) != 0 || ::listen(socket.get(), backlog) != 0)
    return Failure::temporary(path + ": " + error_text(errno));
  return socket;
}

}  // namespace

ExitStatus serve(const Options& options, const log::Logger& logger) {
  process::SignalSource told({SIGTERM, SIGINT});
  auto socket = open_socket(options.listen);
  if (!socket) {
    logger.error("listen-failed", {{"reason", socket.error().text}});
    return socket.error().retry == Retry::later ? ExitStatus::later : ExitStatus::configuration;
  }
  logger.info("listening", {{"listener", "avscan-wrap"}, {"address", "unix:" + options.listen}});
  net::announce_ready(parse_number<int>(options.ready_fd));
  Crew crew;
  for (;;) {
    std::array<pollfd, 2> fds{{{socket->get(), POLLIN, 0}, {told.fd(), POLLIN, 0}}};
    net::poll_until(fds, -1);
    if (fds[1].revents != 0) break;
    UniqueFd client(::accept4(socket->get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    crew.wait_for_room();
    // Shared only because std::function must be able to copy it.
    crew.start([&options, &logger, stream = std::make_shared<net::FdStream>(std::move(client))] {
      try {
        serve_one(options, *stream, logger);
      } catch (const net::StreamEnd&) {  // the client has gone
      }
    });
  }
  socket->reset();
  ::unlink(options.listen.c_str());
  logger.info("stopping");
  return crew.wait_for_all(grace) ? ExitStatus::ok : ExitStatus::later;
}

}  // namespace tubepost::avscan
