// Where mail for a domain goes (RFC 5321 5.1), and who an address says it is (RFC 1912 2.1).
//
// find_mail_hosts(): the MX hosts in the order in which they are tried - by preference, at random within one -
// with their addresses; without MX records the domain itself; an address literal itself. Counts are bounded
// however many records a zone has. Pure but for the resolver.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "dns/inquiry.h"
#include "dns/resolver.h"

namespace tubepost::dns {

inline constexpr std::size_t mail_hosts_max = 12;      // hosts of one domain that are looked up
inline constexpr std::size_t host_addresses_max = 16;  // addresses of one host

struct Addresses {
  std::vector<net::IpAddress> all;  // IPv6 and IPv4 in turns, beginning with IPv6
  bool authenticated = false;       // every answer was, that of the CNAMEs included
  std::string name;                 // behind CNAMEs
};
// A literal address stands for itself. Both families missing: a permanent Failure; a server that cannot say
// and nothing found: a temporary one.
Result<Addresses> find_addresses(Resolver& resolver, const std::string& host);

struct MailHost {
  std::string name;  // as the MX record has it; of a literal: empty
  std::uint16_t preference = 0;
  Addresses addresses;
};

struct MailHosts {
  std::vector<MailHost> hosts;     // never empty
  bool from_mx = false;            // there were MX records
  bool authenticated = false;      // their answer, or that it was a literal or without MX
  std::vector<std::string> notes;  // for --dry-run and the log: hosts left out and why
};

struct OwnHost {
  std::string name;                                             // server.hostname
  std::function<bool(const net::IpAddress&)> has_address = {};  // an address where we would meet ourselves
};

// Shuffles equals; the default is random, tests give their own.
using Shuffle = std::function<void(std::vector<Mx>&)>;
void shuffle_at_random(std::vector<Mx>& equals);

// Failures: 5.1.2 no such domain, 5.1.10 null MX (RFC 7505 4.2), 5.4.4 no address at all, 5.4.6 we are the best
// host (RFC 5321 5.1), 4.4.3 DNS trouble.
Result<MailHosts> find_mail_hosts(Resolver& resolver, const std::string& domain, const OwnHost& own,
                                  const Shuffle& shuffle = shuffle_at_random);

// ---- reverse names

std::string reverse_name(const net::IpAddress& address);  // "7.2.0.192.in-addr.arpa", "….ip6.arpa"
// The labels of a DNS block list's question: reverse_name() without its end.
std::string reversed_labels(const net::IpAddress& address);

struct ReverseNames {
  Kind kind = Kind::servfail;          // of the PTR answer
  std::vector<std::string> names;      // at most ten
  std::vector<std::string> confirmed;  // those that lead back to the address
  bool unsure = false;                 // a name could not be confirmed because servers could not say
};
// The names are looked up side by side, all of it within `limit`.
ReverseNames find_reverse_names(Resolver& resolver, const net::IpAddress& address,
                                std::chrono::milliseconds limit = std::chrono::seconds(20));

// The same as part of an inquiry, which its owner lets ask() between one step and the next.
class ReverseLookUp {
public:
  ReverseLookUp(const net::IpAddress& address, Inquiry& inquiry, Inquiry::Time::time_point end);
  void follow_up(Inquiry& inquiry);  // where its names lead
  ReverseNames finish(Inquiry& inquiry);

private:
  net::IpAddress address_;
  Inquiry::Time::time_point end_;
  std::size_t answer_;              // the place of its names'
  std::vector<std::size_t> backs_;  // of what each of them leads to
  ReverseNames found_;
};

}  // namespace tubepost::dns
