// What a session is given by main: the outside world, borrowed for as long as the session lives.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "auth/authenticator.h"
#include "directory/directory.h"
#include "frontend/mail_access.h"
#include "log/logger.h"
#include "mailstore/mailstore.h"
#include "tls/context.h"

namespace tubepost::popd {

struct Services {
  mailstore::MailStore& store;
  const directory::Directory& directory;
  auth::Authenticator& authenticator;
  std::shared_ptr<tls::ServerContext> tls;  // null: STLS is not offered
  const log::Logger& logger;
};

// The settings a session lives by.
struct Rules {
  std::string hostname;
  bool cleartext_login = false;  // A6; loopback is no exception
  std::chrono::seconds idle_timeout{600};
};

using Client = frontend::MailClient;

}  // namespace tubepost::popd
