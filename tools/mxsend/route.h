// The way of a job: hosts in the order in which they are tried. Looks names up; connects to nobody.
#pragma once

#include <string>
#include <vector>

#include "mxsend/connection.h"
#include "mxsend/sts_store.h"

namespace tubepost::mxsend {

inline constexpr std::uint16_t smtp_port = 25, lmtp_port = 24;  // RFC 5321 4.5.4.2, RFC 2033

struct Way {
  std::vector<Peer> peers;           // each an address
  std::vector<Setback> passed_over;  // hosts that may not be tried, and why
  std::vector<std::string> notes;    // for --dry-run
};

class Routes {
public:
  Routes(const Options& options, dns::Resolver& resolver, StsStore* sts)
      : options_(options), resolver_(resolver), sts_(sts) {}

  // The MX hosts of a domain, with the TLS each must show.
  Result<Way> direct(const std::string& domain, const mailauth::TlsWishes& wishes) const;
  // "host:…", "lmtp:…" as directory::destination_text() writes them.
  Result<Way> fixed(const std::string& route) const;
  Result<Way> smarthosts() const;

private:
  Result<Way> of_host(const dns::HostPort& host, bool lmtp, bool smarthost) const;
  void add_host(Way& way, const dns::MailHosts& hosts, const dns::MailHost& host, const std::string& domain,
                const mailauth::TlsWishes& wishes) const;
  bool is_own(const net::IpAddress& address) const;
  mailauth::TlsPolicy smarthost_policy(const std::string& host) const;

  const Options& options_;
  dns::Resolver& resolver_;
  StsStore* sts_;  // nullptr: no MTA-STS
};

}  // namespace tubepost::mxsend
