// MTA-STS policies of domains: looked up, fetched, kept until they expire (RFC 8461 3.3, 5.1). A policy that
// is kept counts even where DNS or HTTPS fail later - that is what it is for.
//
// Kept in HOME/mxsend/mta-sts, a file a domain, which other processes of this program share; each is replaced
// whole. Threading: one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "dns/resolver.h"
#include "log/logger.h"
#include "mailauth/sts_source.h"

namespace tubepost::mxsend {

class StsStore {
public:
  StsStore(std::string folder, dns::Resolver& resolver, mailauth::StsSource& source, const Clock& clock,
           const log::Logger& logger)
      : folder_(std::move(folder)), resolver_(resolver), source_(source), clock_(clock), logger_(logger) {}

  // nullopt: the domain has none. `domain` in A-labels.
  std::optional<mailauth::StsPolicy> find(const std::string& domain);
  // Of what find() found a moment ago: why there is none though the domain says that it has one, as a result-type of RFC 8460
  // 4.3.2.2; empty: that is not so.
  std::string problem_with(const std::string& domain) const;

private:
  struct Kept {
    std::string id, text;
    Timestamp until;
    mailauth::StsPolicy policy;
  };
  std::optional<Kept> read(const std::string& domain) const;
  void write(const std::string& domain, const Kept& kept) const;
  struct Known {
    std::optional<Kept> kept;
    Timestamp looked;
    std::string problem;
  };
  std::optional<Kept> fetch(const std::string& domain, const std::string& id, std::string& problem);
  Known renewed(const std::string& domain, std::optional<Kept> kept);

  std::string folder_;
  dns::Resolver& resolver_;
  mailauth::StsSource& source_;
  const Clock& clock_;
  const log::Logger& logger_;
  std::map<std::string, Known> known_;  // what was looked up a moment ago is not asked again
};

}  // namespace tubepost::mxsend
