// A Stream whose bytes are compressed on their way (RFC 4978): raw DEFLATE (RFC 1951) in both directions,
// flushed at the end of each write, so that the peer can read all of it.
#pragma once

#include <memory>
#include <string>

#include "net/stream.h"

namespace tubepost::imapd {

// `below` is borrowed; `begun` are bytes that have been read from it already. About 300 KiB while it lives.
std::unique_ptr<net::Stream> make_deflate_stream(net::Stream& below, std::string begun);

}  // namespace tubepost::imapd
