// The PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): how a proxy in front of us says
// who the client is. Only peers listed for it are believed.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/stream.h"

namespace tubepost::net {

struct ProxyHeader {
  // nullopt: the proxy speaks for itself (LOCAL), or cannot say (UNKNOWN, Unix sockets): the connection's own
  // stand.
  std::optional<Endpoint> client, server;
};

// How many bytes the header that `bytes` begin with has, as far as can be seen: 0 means it is none; more than
// bytes.size() means that so many must be there before more can be said. At most 107 (version 1) or 16 +
// 65535.
std::size_t proxy_header_size(std::string_view bytes);
// A whole header, exactly.
std::optional<ProxyHeader> parse_proxy_header(std::string_view header);

// Reads a header and not one byte more. Throws as streams do; a Failure if there is none or it is wrong.
Result<ProxyHeader> read_proxy_header(Stream& stream);

}  // namespace tubepost::net
