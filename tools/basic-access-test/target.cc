#include "basic-access-test/target.h"

#include <unistd.h>

#include <array>

#include "base/text.h"
#include "dns/mx.h"

namespace tubepost::basic_access_test {
namespace {

constexpr ServiceKind kinds[] = {
    {"smtpd", Protocol::smtp, false, false, 25},      {"submission", Protocol::smtp, false, true, 587},
    {"submissions", Protocol::smtp, true, true, 465}, {"popd", Protocol::pop3, false, true, 110},
    {"pop3s", Protocol::pop3, true, true, 995},       {"imapd", Protocol::imap, false, true, 143},
    {"imaps", Protocol::imap, true, true, 993},
};

bool is_wildcard(const net::IpAddress& address) {
  return std::all_of(address.bytes().begin(), address.bytes().end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

// Who listens on all addresses is asked on each of ours.
void add_endpoint(const net::Endpoint& endpoint, std::vector<net::Endpoint>& to) {
  const auto add = [&](const net::Endpoint& one) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
  };
  if (!is_wildcard(endpoint.address)) return add(endpoint);
  for (const net::IpAddress& own : net::own_addresses()) {
    const bool link_local = own.is_v6() && own.bytes()[0] == 0xfe && (own.bytes()[1] & 0xc0) == 0x80;
    // A socket on :: takes no IPv4 (net/listening.cc).
    if (!link_local && own.is_v6() == endpoint.address.is_v6()) add({own, endpoint.port});
  }
}

}  // namespace

std::string own_hostname(const config::Settings& settings) {
  std::string name = settings.text("server.hostname");
  if (!name.empty()) return name;
  std::array<char, 256> buffer{};
  return ::gethostname(buffer.data(), buffer.size() - 1) == 0 && buffer[0] ? buffer.data() : "localhost";
}

const ServiceKind* find_service(std::string_view name) {
  for (const ServiceKind& kind : kinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

std::string service_names() {
  std::vector<std::string> names;
  for (const ServiceKind& kind : kinds) names.emplace_back(kind.name);
  return join(names, ", ");
}

const Service* Target::find(std::string_view name) const {
  for (const Service& service : services)
    if (service.kind->name == name && !service.endpoints.empty()) return &service;
  return nullptr;
}

bool Target::only_loopback() const {
  for (const Service& service : services)
    for (const net::Endpoint& endpoint : service.endpoints)
      if (!endpoint.address.is_loopback()) return false;
  return true;
}

Target own_target(const config::Settings& settings) {
  Target target;
  target.host = own_hostname(settings);
  for (const ServiceKind& kind : kinds) {
    Service service;
    service.kind = &kind;
    for (const std::string& where : settings.list(std::string(kind.name) + ".listen")) {
      if (where.starts_with("unix:")) continue;
      const auto endpoints = net::resolve_endpoint(where, kind.usual_port);
      if (!endpoints) {
        service.problems.push_back(endpoints.error().text);
        continue;
      }
      for (const net::Endpoint& endpoint : *endpoints) add_endpoint(endpoint, service.endpoints);
    }
    target.services.push_back(std::move(service));
  }
  return target;
}

namespace {

Result<std::vector<net::IpAddress>> addresses_of(const Options& options, dns::Resolver& resolver) {
  if (!options.addresses.empty()) return options.addresses;
  if (auto found = dns::find_addresses(resolver, options.server)) {
    return std::move(found->all);
  } else {
    // What the system knows besides DNS, as a mail program would: /etc/hosts.
    const auto endpoints = net::resolve_endpoint(options.server, 0);
    if (!endpoints) return std::move(found).error();
    std::vector<net::IpAddress> addresses;
    for (const net::Endpoint& endpoint : *endpoints) addresses.push_back(endpoint.address);
    return addresses;
  }
}

}  // namespace

Result<Target> target_of_server(const Options& options, dns::Resolver& resolver) {
  Target target;
  target.own = false;
  target.host = options.server;
  const auto addresses = addresses_of(options, resolver);
  if (!addresses) return Failure(addresses.error());
  for (const ServiceKind& kind : kinds) {
    const auto given = options.ports.find(std::string(kind.name));
    const std::uint16_t port = given == options.ports.end() ? kind.usual_port : given->second;
    Service service;
    service.kind = &kind;
    for (const net::IpAddress& address : *addresses)
      if (port != 0) service.endpoints.push_back({address, port});
    target.services.push_back(std::move(service));
  }
  return target;
}

}  // namespace tubepost::basic_access_test
