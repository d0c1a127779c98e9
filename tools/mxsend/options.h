// What mxsend is told by its settings, read once. Values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/smarthost_account.h"
#include "config/settings.h"
#include "dns/host_port.h"
#include "net/endpoint.h"
#include "smtp/client.h"

namespace tubepost::mxsend {

struct Triggers {  // O3: which failures of direct sending let the smarthost have it (mxsend.fallback-on)
  bool connect = false, dns = false, temporary = false, reputation = false;
};

struct Options {
  std::string hostname;
  std::uint16_t port = 25;
  std::optional<net::IpAddress> source;
  std::vector<dns::HostPort> smarthosts;
  bool smarthost_always = false;
  std::optional<auth::SmarthostAccount> account;
  Triggers triggers;
  std::string ca_file, sts_folder, tls_counts_folder;
  std::uint16_t sts_port = 443;
  std::vector<std::string> dns_servers;
  std::vector<net::Endpoint> own_endpoints;  // where our own smtpd listens
  smtp::ClientTimeouts timeouts;
  std::chrono::milliseconds connect_limit = std::chrono::seconds(30);
};
Result<Options> read_options(const config::Settings& settings);

}  // namespace tubepost::mxsend
