#include "mxsend/options.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "dns/name.h"
#include "mxsend/route.h"

namespace tubepost::mxsend {
namespace {

constexpr std::size_t account_file_max = 16 << 10;

Failure wrong(const std::string& text) { return Failure::permanent(text, {5, 3, 5}); }

std::string hostname_of(const config::Settings& settings) {
  auto name = settings.text("server.hostname");
  if (!name.empty()) return name;
  char buffer[256] = {};
  return ::gethostname(buffer, sizeof buffer - 1) == 0 ? buffer : "localhost";
}

Result<std::vector<HostPort>> read_smarthosts(const config::Settings& settings) {
  std::vector<HostPort> hosts;
  for (const auto& text : settings.list("mxsend.smarthost")) {
    const auto host = parse_host_port(text, smtp_port);
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
    if (!any) own.push_back(*endpoint);
    for (const auto& address : any ? net::own_addresses() : std::vector<net::IpAddress>())
      own.push_back({address, endpoint->port});
  }
  return own;
}

bool set_field(SmarthostAccount& account, std::string_view name, std::string_view value) {
  using Tls = SmarthostAccount::Tls;
  if (name == "user") return account.user = value, true;
  if (name == "password") return account.password = auth::Password(value), true;
  if (name == "mechanism") return account.mechanism = to_upper(value), true;
  if (name == "clear-text") return account.clear_text = value == "yes", value == "yes" || value == "no";
  if (name != "tls") return false;
  account.tls = value == "encrypt" ? Tls::encrypt : value == "may" ? Tls::may : Tls::verify;
  return value == "encrypt" || value == "may" || value == "verify";
}

}  // namespace

std::string HostPort::to_text() const {
  return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
}

std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  if (const auto endpoint = net::parse_endpoint(text, default_port))
    return HostPort{endpoint->address.to_text(), endpoint->port};
  std::uint16_t port = default_port;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    const auto number = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!number || *number == 0) return std::nullopt;
    port = *number;
    text = text.substr(0, colon);
  }
  const auto name = dns::normal_name(text);
  return name ? std::optional<HostPort>({*name, port}) : std::nullopt;
}

Result<SmarthostAccount> parse_smarthost_account(std::string_view text) {
  SmarthostAccount account;
  int number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty() || trim(line).front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos ||
        !set_field(account, trim(line.substr(0, equals)), line.substr(equals + 1)))
      return wrong("line " + std::to_string(number) + " is no NAME=VALUE that belongs here");
  }
  if (account.user.empty() || account.password.view().empty()) return wrong("it needs user= and password=");
  return account;
}

Result<SmarthostAccount> read_smarthost_account(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return wrong("mxsend.smarthost-auth: " + path + " may be read by others: chmod 600");
  auto text = read_file(path, account_file_max);
  if (!text) return std::move(text).error().while_doing("mxsend.smarthost-auth");
  const auth::Wiped wiped(*text);
  auto account = parse_smarthost_account(*text);
  if (!account) return std::move(account).error().while_doing("mxsend.smarthost-auth: " + path);
  return account;
}

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
    auto account = read_smarthost_account(path);
    if (!account) return std::move(account).error();
    options.account = std::move(*account);
  }
  return options;
}

}  // namespace tubepost::mxsend
