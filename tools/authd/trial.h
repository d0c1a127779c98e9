// `authd test USER@DOMAIN`: a login as a daemon would ask for it, played by both sides within this process.
// Needs no running service, only the right to read secrets/.
#pragma once

#include <string>

#include "auth/sasl.h"
#include "authd/service.h"

namespace tubepost::authd {

struct TrialResult {
  bool passed = false;
  std::string user;  // as the service names the account
  std::string text;  // why not
  bool temporary = false;
};
// `mechanism` empty: PLAIN.
TrialResult try_login(Service& service, const std::string& mechanism, auth::Login login);

}  // namespace tubepost::authd
