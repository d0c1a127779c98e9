// What stands around sessions: the things a process holds open, the listeners, and the one session of
// --stdio.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/exit_status.h"
#include "config/program.h"
#include "imapd/services.h"
#include "net/server.h"

namespace tubepost::imapd {

struct Options {
  std::vector<std::string> listen, listen_tls;
  std::string client, preauth, ready_fd;
  bool stdio = false, tls_done = false, lf = false;
};

// All that a process, or a worker after its fork, holds open. Shared by the threads of its sessions.
class Worker {
public:
  // `commit_failed` makes it a service: writes of several sessions are committed together (design.md 3).
  static Result<std::shared_ptr<Worker>> open(const config::Program& program, const log::Logger& logger,
                                              std::function<void()> commit_failed);

  // For open() alone, which knows that all is there.
  Worker(const config::Program& program, const log::Logger& logger, std::unique_ptr<SystemClock> clock,
         mailstore::MailStore store, directory::Directory directory);

  Services services();
  Rules rules();  // as the configuration file says now
  void reload_certificates();
  directory::Directory& directory() { return directory_; }

private:
  config::LiveSettings live_;
  const log::Logger& logger_;
  std::unique_ptr<SystemClock> clock_;  // the store keeps a reference to it
  mailstore::MailStore store_;
  std::unique_ptr<mailstore::ChangeWatcher> watcher_;
  directory::Directory directory_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::shared_ptr<tls::ServerContext> tls_;
};

ExitStatus serve_stdio(const config::Program& program, const Options& options, const log::Logger& logger);
ExitStatus serve_listeners(const config::Program& program, const Options& options, const log::Logger& logger);

}  // namespace tubepost::imapd
