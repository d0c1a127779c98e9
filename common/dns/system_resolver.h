// The Resolver that asks servers, by libresolv: the ones given, else those of /etc/resolv.conf. EDNS, and TCP
// where an answer is too long for a datagram. The AD bit is asked for, and believed (RES_TRUSTAD): whoever
// wants DANE has a validating resolver on this machine, or one the way to which is safe (RFC 7672 3).
//
// Time: `wait` for each server, twice each; with one server at most 2 * wait. Threading: any thread; each
// query has a state of its own, so look-ups run side by side.
#pragma once

#include <chrono>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::dns {

class SystemResolver final : public Resolver {
public:
  struct Options {
    std::vector<net::Endpoint> servers;  // empty: the system's; at most the first three are asked
    std::chrono::seconds wait{4};
  };
  explicit SystemResolver(Options options) : options_(std::move(options)) {}

  // dns.servers as it is written: "ADDR[:PORT]"; a permanent Failure names what is none.
  static Result<SystemResolver> create(const std::vector<std::string>& servers);

  AnyAnswer query(const std::string& name, Type type) override;

private:
  std::string servers_text() const;
  Options options_;
};

}  // namespace tubepost::dns
