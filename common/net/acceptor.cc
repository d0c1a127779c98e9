#include "net/acceptor.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/proxy_protocol.h"
#include "net/sockaddr.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr int accepted_in_a_row = 64;
constexpr auto shortage_pause = 100ms;
constexpr auto proxy_header_time = 5s;  // the protocol asks for at least 3

std::optional<PeerCredentials> credentials_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return PeerCredentials{credentials.uid, credentials.gid, credentials.pid};
}

bool is_shortage(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

}  // namespace

struct Acceptor::Session {
  Acceptor* acceptor;
  ConnectionCounts::Slot slot;
  int fd;  // the stream's, for a refusal that must not block
  bool proxied;
  Connection connection;
};

Acceptor::Acceptor(const ServerOptions& options, const log::Logger& logger, ConnectionCounts& counts,
                   unsigned worker, Handler handler)
    : options_(options), logger_(logger), counts_(counts), worker_(worker), handler_(std::move(handler)) {}

void Acceptor::accept_from(const ListeningSocket& socket) {
  for (int i = 0; i < accepted_in_a_row; ++i) {
    SocketAddress address;
    UniqueFd fd(::accept4(socket.fd.get(), address.raw(), address.size_for_kernel(), SOCK_CLOEXEC));
    if (fd) {
      begin(std::move(fd), socket, address.endpoint());
      continue;
    }
    if (is_shortage(errno)) return out_of_descriptors(errno);
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF || errno == EINVAL) return;
    // What is left are errors of that one connection (accept(2): ECONNABORTED, EPROTO, ENETDOWN …): on to the
    // next.
  }
}

void Acceptor::begin(UniqueFd fd, const ListeningSocket& from, std::optional<Endpoint> peer) {
  const bool proxied = peer && options_.proxy_hosts.contains(peer->address);
  const auto counted = peer && !proxied ? std::optional(peer->address) : std::nullopt;
  const int raw = fd.get();
  ConnectionCounts::Slot slot = 0;
  const auto admission = counts_.admit(worker_, from.listener, counted, slot);
  if (admission != Admission::admitted) return refuse(raw, from.listener, admission, peer);
  const int on = 1;
  if (peer) ::setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto session = std::make_unique<Session>(Session{this, slot, raw, proxied, {}});
  session->connection = {sessions_.open(std::move(fd)),
                         peer,
                         peer ? local_of(raw) : std::nullopt,
                         peer ? std::nullopt : credentials_of(raw),
                         from.listener,
                         [this, slot](std::uint64_t user) { return counts_.name_user(slot, user); }};
  if (start_thread(session)) return;
  refuse(raw, from.listener, Admission::too_many, peer);
  counts_.release(slot);
}

bool Acceptor::start_thread(std::unique_ptr<Session>& session) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, std::max<std::size_t>(options_.stack_bytes, 64 * 1024));
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sessions_.thread_begins();
  pthread_t thread;
  const int error = ::pthread_create(&thread, &attributes, &Acceptor::thread_main, session.get());
  ::pthread_attr_destroy(&attributes);
  if (error == 0) {
    [[maybe_unused]] const auto* given_to_thread = session.release();
    return true;
  }
  sessions_.thread_ends();
  logger_.warning("thread-refused", {{"reason", error_text(error)}});
  return false;
}

void* Acceptor::thread_main(void* raw) {
  auto given = std::unique_ptr<Session>(static_cast<Session*>(raw));
  Acceptor& acceptor = *given->acceptor;
  {
    Session session = std::move(*given);
    given.reset();  // its memory is of more use to the session
    acceptor.run(session);
  }
  acceptor.sessions_.thread_ends();
  return nullptr;
}

void Acceptor::run(Session& session) {
  const auto slot = session.slot;
  try {
    const auto admission = session.proxied ? take_proxy_header(session) : Admission::admitted;
    if (admission == Admission::admitted)
      handler_(std::move(session.connection));
    else
      session.connection.stream.reset();
  } catch (const StreamEnd&) {
    // A session catches these itself, but its goodbye may meet one more. That is no reason to end everybody's
    // service.
  }
  counts_.release(slot);
}

// Anything but `admitted`: the connection has been refused here.
Admission Acceptor::take_proxy_header(Session& session) {
  Connection& connection = session.connection;
  std::string reason = "no PROXY header came";
  try {
    connection.stream->set_time_limit(proxy_header_time);
    const auto header = read_proxy_header(*connection.stream);
    connection.stream->set_time_limit(0ms);
    if (header) {
      if (header->client) connection.peer = header->client, connection.local = header->server;
      if (!header->client) return Admission::admitted;
      const auto admission = counts_.name_address(session.slot, header->client->address);
      if (admission != Admission::admitted)
        refuse(session.fd, connection.listener, admission, connection.peer);
      return admission;
    }
    reason = header.error().text;
  } catch (const StreamEnd&) {
    // It went away or is silent: refused like one that says something else.
  }
  logger_.warning("proxy-header-refused", {{"client", connection.peer->to_text()}, {"reason", reason}});
  return Admission::too_many;
}

void Acceptor::refuse(int fd, std::size_t listener, Admission why, const std::optional<Endpoint>& peer) {
  const bool by_address = why == Admission::too_many_from_address;
  const std::string& text = by_address ? options_.too_many_from_address_text : options_.too_many_text;
  if (!options_.listeners[listener].tls) ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  // Unread input would turn the close into a reset, and the text might never be seen.
  char unread[2048];
  [[maybe_unused]] const auto dropped = ::recv(fd, unread, sizeof unread, MSG_DONTWAIT);
  const std::lock_guard lock(refusing_);
  if (const auto unsaid = refusals_.due())
    logger_.warning("connection-refused", {{"listener", options_.listeners[listener].name},
                                           {"client", peer ? peer->to_text() : "local"},
                                           {"reason", by_address ? "too many from this address" : "too many"},
                                           {"unsaid", *unsaid}});
}

void Acceptor::out_of_descriptors(int error_number) {
  paused_until_ = std::chrono::steady_clock::now() + shortage_pause;
  if (shortages_.due()) logger_.error("accept-failed", {{"reason", error_text(error_number)}});
}

std::chrono::milliseconds Acceptor::pause() const {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(paused_until_ - std::chrono::steady_clock::now());
  return std::max(left, 0ms);
}

}  // namespace tubepost::net
