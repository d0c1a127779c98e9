// What is tested: a host's services and where they listen - this instance's, from its settings, or another
// server's, by its name and the usual ports.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basic-access-test/options.h"
#include "config/settings.h"
#include "dns/resolver.h"
#include "net/endpoint.h"

namespace tubepost::basic_access_test {

enum class Protocol { smtp, pop3, imap };

struct ServiceKind {
  std::string_view name;  // "submission": its section of the settings
  Protocol protocol;
  bool tls_first;  // RFC 8314: TLS from the first byte
  bool for_users;  // logs accounts in
  std::uint16_t usual_port;
};
const ServiceKind* find_service(std::string_view name);  // nullptr: there is none
std::string service_names();                             // "smtp, submission, …"

struct Service {
  const ServiceKind* kind = nullptr;
  std::vector<net::Endpoint> endpoints;  // where it can be asked; none: it is off
  std::vector<std::string> problems;     // addresses that lead nowhere, and why
};

struct Target {
  bool own = true;   // this instance: its settings and files are at hand
  std::string host;  // the name that certificate and greeting should have
  std::vector<Service> services;
  const Service* find(std::string_view name) const;  // nullptr: off
  bool only_loopback() const;                        // nothing of it listens where others could reach it
};
std::string own_hostname(const config::Settings& settings);  // server.hostname, else the system's
Target own_target(const config::Settings& settings);
// A Failure: the name leads to no address.
Result<Target> target_of_server(const Options& options, dns::Resolver& resolver);

}  // namespace tubepost::basic_access_test
