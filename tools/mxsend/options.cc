#include "mxsend/options.h"

#include <unistd.h>

#include "base/text.h"
#include "mxsend/route.h"

namespace tubepost::mxsend {
namespace {

Failure wrong(const std::string& text) { return Failure::permanent(text, {5, 3, 5}); }

std::string hostname_of(const config::Settings& settings) {
  auto name = settings.text("server.hostname");
  if (!name.empty()) return name;
  char buffer[256] = {};
  return ::gethostname(buffer, sizeof buffer - 1) == 0 ? buffer : "localhost";
}

Result<std::vector<dns::HostPort>> read_smarthosts(const config::Settings& settings) {
  std::vector<dns::HostPort> hosts;
  for (const auto& text : settings.list("mxsend.smarthost")) {
    const auto host = dns::parse_host_port(text, smtp_port);
    if (!host) return wrong("mxsend.smarthost: " + printable(text) + " is no HOST[:PORT]");
    hosts.push_back(*host);
  }
  return hosts;
}

Triggers read_triggers(const config::Settings& settings) {
  Triggers triggers;
  for (const auto& word : settings.list("mxsend.fallback-on")) {
    triggers.connect = triggers.connect || word == "connect";
    triggers.dns = triggers.dns || word == "dns";
    triggers.temporary = triggers.temporary || word == "temporary";
    triggers.reputation = triggers.reputation || word == "reputation";
  }
  return triggers;
}

// Where our own MX listens: an address of a domain's host that is one of these leads back to us.
std::vector<net::Endpoint> own_endpoints(const config::Settings& settings) {
  std::vector<net::Endpoint> own;
  for (const auto& text : settings.list("smtpd.listen")) {
    const auto endpoint = net::parse_endpoint(text, smtp_port);
    if (!endpoint) continue;
    const bool any = endpoint->address == net::IpAddress::parse("0.0.0.0") ||
                     endpoint->address == net::IpAddress::parse("::");
    own.push_back(*endpoint);
    for (const auto& address : any ? net::own_addresses() : std::vector<net::IpAddress>())
      own.push_back({address, endpoint->port});
  }
  return own;
}

}  // namespace

Result<Options> read_options(const config::Settings& settings) {
  Options options;
  options.hostname = hostname_of(settings);
  options.port = static_cast<std::uint16_t>(settings.number("mxsend.port"));
  options.sts_port = static_cast<std::uint16_t>(settings.number("mxsend.mta-sts-port"));
  options.ca_file = settings.text("tls.ca-file");
  options.sts_folder = settings.path("mxsend/mta-sts");
  options.tls_counts_folder = settings.path("mxsend/tls-rpt");
  options.dns_servers = settings.list("dns.servers");
  options.smarthost_always = settings.text("mxsend.smarthost-mode") == "always";
  options.triggers = read_triggers(settings);
  options.own_endpoints = own_endpoints(settings);
  if (const auto text = settings.text("mxsend.source-address"); !text.empty()) {
    options.source = net::IpAddress::parse(text);
    if (!options.source) return wrong("mxsend.source-address: " + printable(text) + " is no address");
  }
  auto smarthosts = read_smarthosts(settings);
  if (!smarthosts) return std::move(smarthosts).error();
  options.smarthosts = std::move(*smarthosts);
  if (const auto path = settings.text("mxsend.smarthost-auth"); !path.empty()) {
    auto account = auth::read_smarthost_account(path);
    if (!account) return std::move(account).error();
    options.account = std::move(*account);
  }
  return options;
}

}  // namespace tubepost::mxsend
