// A daemon by which an account's owner reads mail (POP3, IMAP), but for its protocol: command line, settings,
// listeners, workers, and the things a process holds open. The protocol gives its names and a conversation.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "directory/directory.h"
#include "frontend/frontend.h"
#include "mailstore/change_watcher.h"
#include "mailstore/mailstore.h"

namespace tubepost::frontend {

struct MailProtocol {
  std::string_view program, purpose;     // "imapd", "give mail to its reader by IMAP"
  std::string_view tls_section;          // of the settings of the port with TLS from the start: "imaps"
  std::uint16_t port = 0, tls_port = 0;  // the defaults (RFC 6335)
  std::string_view too_many;             // what a client over a limit is told, with its line end
  std::string_view too_many_from_address;
  bool watches = false;  // sessions hear of changes that others make
};

struct MailClient : Client {
  std::optional<smtp::Mailbox> preauthenticated;          // --preauth
  std::function<bool(directory::AccountId)> name_user{};  // net::Connection's; empty: nobody counts

  // Has logged in; 0: out again. False: the account has as many connections as may be.
  bool logs_in(directory::AccountId account) const { return !name_user || name_user(account); }
};

// All that a process, or a worker after its fork, holds open. Shared by the threads of its sessions, which
// borrow it.
class MailAccess {
public:
  // `commit_failed` makes it a service: writes of several sessions are committed together (design.md 3).
  static Result<std::shared_ptr<MailAccess>> open(const config::Program& program,
                                                  const MailProtocol& protocol, const log::Logger& logger,
                                                  std::function<void()> commit_failed);

  // For open() alone, which knows that all is there.
  MailAccess(const config::Program& program, const log::Logger& logger, std::unique_ptr<SystemClock> clock,
             mailstore::MailStore store, directory::Directory directory);

  mailstore::MailStore& store() { return store_; }
  mailstore::ChangeWatcher* watcher() { return watcher_.get(); }  // null unless the protocol watches
  const directory::Directory& directory() const { return directory_; }
  auth::Authenticator& authenticator() { return *authenticator_; }
  const std::shared_ptr<tls::ServerContext>& tls() const { return tls_; }  // null: no certificate
  const Clock& clock() const { return *clock_; }
  const log::Logger& logger() const { return logger_; }
  std::shared_ptr<const config::Settings> settings() { return live_.current(); }  // as the file says now

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

// Holds one session from greeting to end, in the thread of its connection. `lf`: LF is taken for CRLF.
using Conversation = std::function<void(MailAccess&, MailClient, net::Stream&, bool lf)>;

// The program: what main() returns.
int run(const MailProtocol& protocol, const Conversation& conversation, int argc, char** argv);

}  // namespace tubepost::frontend
