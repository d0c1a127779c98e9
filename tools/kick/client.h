// Asking another server to send what it holds for us (O8): by ETRN (RFC 1985), or on its trigger port, where a
// connection with a line that names the domain is all. Blocking; threading: one thread.
#pragma once

#include <string>

#include "dns/host_port.h"
#include "dns/resolver.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "smtp/reply.h"

namespace tubepost::kick {

struct Answer {
  bool accepted = false;  // it says that it will
  bool supported = true;  // it knows what was asked
  std::string text;       // what it said, printable
};

// Over an open connection. The stream's ends come as its exceptions.
Result<Answer> ask_by_etrn(net::Stream& stream, const std::string& hostname, const std::string& domain);
Result<Answer> ask_trigger(net::Stream& stream, const std::string& domain);

// One after the other, the addresses of "HOST[:PORT]": as the system finds them, or by a resolver.
Result<std::unique_ptr<net::Stream>> connect(const std::string& host, std::uint16_t default_port);
Result<std::unique_ptr<net::Stream>> connect(const dns::HostPort& host, dns::Resolver& resolver);

}  // namespace tubepost::kick
