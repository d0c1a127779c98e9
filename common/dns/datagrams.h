// Several questions to name servers at a time, by UDP, from one socket and in the caller's thread (RFC 1035 4.2.1). libresolv asks
// one question with a socket and a wake-up of its own, and for several at a time it would take a thread each.
//
// The servers are asked in turn, each for what is still open, and has `wait` to answer; all of them twice, as far as `limit`
// allows. Who says that it cannot (SERVFAIL, REFUSED) is believed when the others have been asked, too. An answer counts if it
// comes from the server that was asked, to the port it was asked from, with our random number and our question in it
// (RFC 5452 9.1); anything else is passed over. Threading: none is kept; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::dns {

struct DatagramPlan {
  std::vector<net::Endpoint> servers;
  std::chrono::milliseconds wait{4000}, limit{10'000};
};

// In the order of the questions, whose names are as query_name() has them. Nobody has answered: Kind::timeout, or
// Kind::unreachable where there is nobody, without a detail. nullopt: there is an answer, but not one for a datagram (TC), or the
// server does not know EDNS (RFC 6891 7): to be asked in some other way.
std::vector<std::optional<AnyAnswer>> ask_by_datagrams(const std::vector<Question>& questions,
                                                       const DatagramPlan& plan);

// The bytes of a question (RFC 1035 4.1.2), asking for recursion, for AD (RFC 6840 5.7), and for up to 1,232 bytes.
std::string question_message(const Question& question, std::uint16_t id);

}  // namespace tubepost::dns
