// One question by TCP (RFC 7766), for what does not fit into a datagram. libresolv does that too, but has no limit of time for a
// server that takes the connection, or does not even that, and is silent. Threading: none is kept; any thread.
#pragma once

#include <chrono>
#include <optional>

#include "dns/resolver.h"

namespace tubepost::dns {

// nullopt: no answer of this server to this question by then. `question.name` as query_name() has it.
std::optional<AnyAnswer> ask_by_stream(const Question& question, const net::Endpoint& server,
                                       std::chrono::steady_clock::time_point until);

}  // namespace tubepost::dns
