// What a session is given by main: the outside world, borrowed for as long as the session lives.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "directory/directory.h"
#include "frontend/mail_access.h"
#include "log/logger.h"
#include "mailstore/change_watcher.h"
#include "mailstore/mailstore.h"
#include "tls/context.h"

namespace tubepost::imapd {

struct Services {
  mailstore::MailStore& store;
  mailstore::ChangeWatcher* watcher;  // null: IDLE looks at its mailbox once a second
  const directory::Directory& directory;
  auth::Authenticator& authenticator;
  std::shared_ptr<tls::ServerContext> tls;  // null: STARTTLS is not offered
  const Clock& clock;
  const log::Logger& logger;
};

// The settings a session lives by.
struct Rules {
  std::string hostname;
  bool cleartext_login = false;  // A6; loopback is no exception
  std::chrono::seconds idle_timeout{1800};
  std::uint64_t message_size_max = 50 << 20;  // APPENDLIMIT (RFC 7889)
  std::string shared_account{};               // whose mailboxes stand below Shared/; access.h
};

using Client = frontend::MailClient;

}  // namespace tubepost::imapd
