// What mxsend is told by its settings, read once. Values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/sasl.h"
#include "config/settings.h"
#include "net/endpoint.h"
#include "smtp/client.h"

namespace tubepost::mxsend {

struct HostPort {
  std::string host;  // a name, or an address without brackets
  std::uint16_t port = 0;
  std::string to_text() const;
};
// "HOST", "HOST:PORT", "ADDR", "[v6]:PORT".
std::optional<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

// mxsend.smarthost-auth: lines NAME=VALUE, # comments. user, password; mechanism (the best the server has, if
// not given; XOAUTH2, with a token as password, only if given); tls=verify (the default: its certificate must
// be good), encrypt or may; clear-text=yes lets PLAIN and LOGIN go without TLS.
struct SmarthostAccount {
  std::string user, mechanism;
  auth::Password password;
  enum class Tls { verify, encrypt, may } tls = Tls::verify;
  bool clear_text = false;
};
// A Failure names the file and the line, never its content; a file that others may read is refused.
Result<SmarthostAccount> read_smarthost_account(const std::string& path);
Result<SmarthostAccount> parse_smarthost_account(std::string_view text);

struct Triggers {  // O3: which failures of direct sending let the smarthost have it (mxsend.fallback-on)
  bool connect = false, dns = false, temporary = false, reputation = false;
};

struct Options {
  std::string hostname;
  std::uint16_t port = 25;
  std::optional<net::IpAddress> source;
  std::vector<HostPort> smarthosts;
  bool smarthost_always = false;
  std::optional<SmarthostAccount> account;
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
