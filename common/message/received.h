// The Received field that we put before each message we take (RFC 5321 4.4, RFC 3848).
//
// Nothing in it can break out of its place: the client's own words (HELO) are reduced to what a name can
// hold, so that they open no comment, end no line and imitate no clause. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace tubepost::message {

struct Received {
  std::string_view helo = {};            // what the client called itself; empty: it did not
  std::string_view client_name = {};     // its verified name; empty: unknown
  std::string_view client_address = {};  // an address literal, "[192.0.2.7]"; empty: unknown
  std::string_view user = {};            // local injection: who
  std::string_view by = {};              // our host name
  std::string_view protocol = {};        // RFC 3848: "ESMTPSA"; empty: no "with"
  std::string_view tls = {};             // "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none
  std::string_view id = {};              // spool id
  std::string_view recipient = {};       // only when there is one (RFC 5321 7.6); empty: no "for"
  Timestamp time{};
};

// The whole field, folded, with its CRLF. The views need to live only until it returns.
std::string received_field(const Received& received);

}  // namespace tubepost::message
