#include "net/listening.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "net/fd_stream.h"
#include "net/port_holder.h"
#include "net/server.h"
#include "net/sockaddr.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr int backlog = 1024;
constexpr int most_passed_fds = 256;  // LISTEN_FDS comes from outside
constexpr std::string_view unix_prefix = "unix:";

struct Opener {
  const std::vector<ListenerSpec>& specs;
  const log::Logger& logger;
  Listening result;

  bool fail(ExitStatus status) { return result.status = status, false; }
  void add(UniqueFd fd, std::size_t listener, const std::string& shown);
  void take_passed();
  std::size_t listener_of_passed(int fd, std::string_view name) const;
  bool open_all();
  bool open_address(std::size_t listener, const std::string& text);
  bool open_tcp(std::size_t listener, const Endpoint& endpoint);
  bool open_unix(std::size_t listener, const std::string& path);
  bool clear_stale(const std::string& path);
  void say_port_taken(const Endpoint& endpoint) const;
};

// POCO keeps its sockets to itself and closes them: a duplicate is ours. Both are the same open socket to the
// kernel.
UniqueFd keep(Poco::Net::ServerSocket& socket) {
  return UniqueFd(::fcntl(socket.impl()->sockfd(), F_DUPFD_CLOEXEC, 0));
}

void Opener::add(UniqueFd fd, std::size_t listener, const std::string& shown) {
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  // Non-blocking: between poll() and accept() another worker, or the client's reset, may have taken the
  // connection away.
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  const auto endpoint = local_of(fd.get());
  logger.info("listening",
              {{"listener", specs[listener].name}, {"address", endpoint ? endpoint->to_text() : shown}});
  result.sockets.push_back({std::move(fd), listener, endpoint});
}

std::size_t Opener::listener_of_passed(int fd, std::string_view name) const {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (!name.empty() && specs[i].name == name) return i;
  const auto endpoint = local_of(fd);
  for (std::size_t i = 0; endpoint && i < specs.size(); ++i)
    for (const std::string& address : specs[i].addresses) {
      const auto wanted = parse_endpoint(address, specs[i].default_port);
      if (wanted && wanted->port == endpoint->port) return i;
    }
  return 0;
}

void Opener::take_passed() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count_text = std::getenv("LISTEN_FDS");
  const char* names_text = std::getenv("LISTEN_FDNAMES");
  if (!pid || !count_text || parse_number<pid_t>(pid) != ::getpid() || specs.empty()) return;
  const int count = std::min(parse_number<int>(count_text).value_or(0), most_passed_fds);
  const auto names = split(names_text ? names_text : "", ':');
  for (int i = 0; i < count; ++i) {
    const int fd = first_passed_fd + i;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens) {
      logger.warning("passed-socket-useless", {{"fd", fd}});
      continue;
    }
    const auto index = static_cast<std::size_t>(i);
    add(UniqueFd(fd), listener_of_passed(fd, index < names.size() ? names[index] : ""), "passed");
  }
}

void Opener::say_port_taken(const Endpoint& endpoint) const {
  const auto holder = find_port_holder(endpoint);
  logger.error("port-taken", {{"address", endpoint.to_text()},
                              {"holder", holder.program.empty() ? "unknown" : holder.program},
                              {"greeting", holder.greeting}});
}

bool Opener::open_tcp(std::size_t listener, const Endpoint& endpoint) {
  const SocketAddress raw = SocketAddress::of(endpoint);
  const Poco::Net::SocketAddress address(raw.raw(), raw.size());
  try {
    Poco::Net::ServerSocket socket;
    if (endpoint.address.is_v6())
      socket.bind6(address, true, false, true);  // IPv6 only: IPv4 has listeners of its own
    else
      socket.bind(address, true, false);
    socket.listen(backlog);
    add(keep(socket), listener, {});
    return true;
  } catch (const Poco::Exception& error) {
    if (error.code() == EADDRINUSE) return say_port_taken(endpoint), fail(ExitStatus::later);
    logger.error("cannot-listen", {{"address", endpoint.to_text()}, {"reason", error.displayText()}});
    return fail(error.code() == EACCES ? ExitStatus::configuration : ExitStatus::later);
  }
}

// A socket file that nobody answers on was left by a crash. False: somebody does, or it is no socket.
bool Opener::clear_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return true;
  if (S_ISSOCK(status.st_mode) && !connect_unix(path, 1s)) return ::unlink(path.c_str()) == 0;
  const char* reason =
      S_ISSOCK(status.st_mode) ? "another program answers there" : "it exists and is no socket";
  logger.error("socket-taken", {{"path", path}, {"reason", reason}});
  return fail(ExitStatus::later);
}

bool Opener::open_unix(std::size_t listener, const std::string& path) {
  if (!SocketAddress::of_unix(path)) {
    logger.error("cannot-listen", {{"address", path}, {"reason", "the path is empty or too long"}});
    return fail(ExitStatus::configuration);
  }
  if (!clear_stale(path)) return false;
  const std::string shown = std::string(unix_prefix) + path;
  try {
    Poco::Net::ServerSocket socket;
    socket.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path), false);
    // Nobody can connect before listen(), so the mode is in force from the first connection on.
    if (::chmod(path.c_str(), specs[listener].unix_mode) != 0)
      throw Poco::Net::NetException("chmod: " + error_text(errno));
    socket.listen(backlog);
    add(keep(socket), listener, shown);
    return true;
  } catch (const Poco::Exception& error) {
    logger.error("cannot-listen", {{"address", shown}, {"reason", error.displayText()}});
    return fail(ExitStatus::later);
  }
}

bool Opener::open_address(std::size_t listener, const std::string& text) {
  if (text.starts_with(unix_prefix)) return open_unix(listener, text.substr(unix_prefix.size()));
  const auto endpoints = resolve_endpoint(text, specs[listener].default_port);
  if (!endpoints) {
    logger.error("cannot-listen", {{"address", text}, {"reason", endpoints.error().text}});
    return fail(endpoints.error().retry == Retry::later ? ExitStatus::later : ExitStatus::configuration);
  }
  if (!parse_endpoint(text, 0)) {  // L6: a host name, resolved just now
    std::vector<std::string> found;
    for (const Endpoint& endpoint : *endpoints) found.push_back(endpoint.to_text());
    logger.info("resolved", {{"name", text}, {"addresses", join(found, ",")}});
  }
  for (const Endpoint& endpoint : *endpoints)
    if (!open_tcp(listener, endpoint)) return false;
  return true;
}

bool Opener::open_all() {
  take_passed();
  std::vector<bool> passed(specs.size());
  for (const ListeningSocket& socket : result.sockets) passed[socket.listener] = true;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (passed[i]) continue;
    for (const std::string& address : specs[i].addresses)
      if (!open_address(i, address)) return false;
  }
  if (!result.sockets.empty()) return true;
  logger.error("cannot-listen", {{"reason", "no address to listen on is configured"}});
  return fail(ExitStatus::configuration);
}

}  // namespace

Listening open_listeners(const std::vector<ListenerSpec>& specs, const log::Logger& logger) {
  Opener opener{specs, logger, {}};
  if (!opener.open_all()) opener.result.sockets.clear();
  return std::move(opener.result);
}

}  // namespace tubepost::net
