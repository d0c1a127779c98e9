// The Resolver that asks servers, by libresolv: the ones given, else those of /etc/resolv.conf. EDNS, and TCP
// where an answer is too long for a datagram. The AD bit is asked for, and believed (RES_TRUSTAD): whoever
// wants DANE has a validating resolver on this machine, or one the way to which is safe (RFC 7672 3).
//
// "options use-vc" of resolv.conf is obeyed: TCP alone, with the same limits.
// Time: `wait` for each server, twice each, and once more by TCP; with one server at most 3 * wait. query_all() asks by datagrams.h; what does not fit
// into a datagram is then asked for by query(), one after the other until the limit is over. Threading: any thread; each query has
// a state of its own.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::dns {

class SystemResolver final : public Resolver {
public:
  struct Options {
    std::vector<net::Endpoint> servers;  // empty: the system's; at most the first three are asked
    std::chrono::seconds wait{4};
  };
  explicit SystemResolver(Options options);

  // dns.servers as it is written: "ADDR[:PORT]"; a permanent Failure names what is none.
  static Result<SystemResolver> create(const std::vector<std::string>& servers);

  AnyAnswer query(const std::string& name, Type type) override;
  std::vector<AnyAnswer> query_all(const std::vector<Question>& questions, std::chrono::milliseconds limit) override;

private:
  struct Servers;
  std::string servers_text() const;
  AnyAnswer ask(const std::string& name, Type type, std::chrono::steady_clock::time_point until);
  AnyAnswer ask_streams(const std::string& ascii, Type type, std::chrono::steady_clock::time_point until);
  Options options_;
  std::shared_ptr<Servers> servers_;  // that libresolv would ask; of all copies, as a session's thread asks but once
};

}  // namespace tubepost::dns
