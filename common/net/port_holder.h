// Who holds a TCP port that we wanted (L13), as far as permissions show it.
#pragma once

#include <string>

#include "net/endpoint.h"

namespace tubepost::net {

struct PortHolder {
  bool answers = false;  // somebody takes connections there
  std::string program;   // "master (pid 812)"; empty: not visible to us
  std::string greeting;  // the first bytes it says to a client within a second, at most 200; empty: nothing
};
PortHolder find_port_holder(const Endpoint& endpoint);

}  // namespace tubepost::net
