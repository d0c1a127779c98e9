// The accepting half of a Server: takes connections from the listening sockets, counts them, refuses those
// over a limit, starts a small-stack thread for each of the others. One per worker process. Threading: one
// thread calls it; the sessions' threads end by themselves.
#pragma once

#include <chrono>

#include "log/logger.h"
#include "net/connection_counts.h"
#include "net/listening.h"
#include "net/seldom.h"
#include "net/server.h"
#include "net/session_registry.h"

namespace tubepost::net {

class Acceptor {
public:
  Acceptor(const ServerOptions& options, const log::Logger& logger, ConnectionCounts& counts, unsigned worker,
           Handler handler);

  // Takes what waits on the socket, within reason: other sockets want their turn.
  void accept_from(const ListeningSocket& socket);
  // While descriptors are short it is no use to look at the listeners: they would be ready all the time.
  std::chrono::milliseconds pause() const;
  SessionRegistry& sessions() { return sessions_; }

private:
  struct Session;
  static void* thread_main(void* session);
  void run(Session& session);
  void begin(UniqueFd fd, const ListeningSocket& from, std::optional<Endpoint> peer);
  bool start_thread(std::unique_ptr<Session>& session);
  Admission take_proxy_header(Session& session);
  void refuse(int fd, std::size_t listener, Admission why, const std::optional<Endpoint>& peer);
  void out_of_descriptors(int error_number);

  const ServerOptions& options_;
  const log::Logger& logger_;
  ConnectionCounts& counts_;
  unsigned worker_;
  Handler handler_;
  SessionRegistry sessions_;
  std::chrono::steady_clock::time_point paused_until_{};
  Seldom refusals_, shortages_;
  std::mutex refusing_;  // refusals come from sessions too
};

}  // namespace tubepost::net
