// Our trace field, RFC 5321 4.4.
#pragma once

#include <string>

#include "base/clock.h"

namespace tubepost::message {

struct Received {
  std::string helo;            // as the client said it; empty: none
  std::string client_address;  // an address literal with its brackets; empty: unknown
  std::string by;              // our host name
  std::string protocol;        // RFC 3848: "ESMTPS"
  std::string tls;             // protocol and cipher; empty: none
  std::string id;
  std::string recipient;  // only where there is one: others are nobody's business (RFC 5321 7.2)
  Timestamp time;
};

std::string received_field(const Received& received);  // folded, with its CRLF

}  // namespace tubepost::message
