// What a session is given by main: the outside world, borrowed for as long as the session lives.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "directory/directory.h"
#include "frontend/frontend.h"
#include "log/logger.h"
#include "policy/layers.h"
#include "smtpd/policy.h"
#include "spool/spool.h"
#include "tls/context.h"

namespace tubepost::smtpd {

struct Services {
  spool::Spool& spool;
  const directory::Directory& directory;
  auth::Authenticator& authenticator;
  std::shared_ptr<tls::ServerContext> tls;  // null: STARTTLS is not offered
  const Clock& clock;
  const log::Logger& logger;
  std::shared_ptr<tubepost::policy::Layers> layers{};  // null: none is asked
  bool explain = false;  // decisions on stderr, for a person at a terminal
};

// Who is at the other end, as far as the listener or the command line knows.
struct Client : frontend::Client {
  bool trusted = false;          // --trusted: what sendmail -bs passes
  std::string unix_user;         // role local: by peer credentials
  std::string name, reverse_name;  // by XCLIENT; empty: unknown

  std::optional<net::IpAddress> ip() const {
    return address ? std::optional(address->address) : std::nullopt;
  }
};

}  // namespace tubepost::smtpd
