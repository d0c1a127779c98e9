#include "mxsend/route.h"

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::mxsend {
namespace {

using auth::SmarthostAccount;
using mailauth::Published;
using mailauth::TlsPolicy;
using mailauth::TlsWishes;

constexpr std::uint16_t submissions_port = 465;  // RFC 8314 3.3
constexpr std::size_t peers_max = 20;

bool is_unspecified(const net::IpAddress& address) {
  return address == net::IpAddress::parse("0.0.0.0") || address == net::IpAddress::parse("::");
}

// A connection to 0.0.0.0 is one to this host, and so is one to all of 127.0.0.0/8 where every address is listened at.
bool leads_to(const net::IpAddress& address, const net::IpAddress& own) {
  if (address == own) return true;
  return (is_unspecified(address) && own.is_loopback()) || (address.is_loopback() && is_unspecified(own));
}

Failure bad_route(const std::string& route) {
  return Failure::permanent("not a route: " + printable(route), {5, 3, 5});
}

}  // namespace

bool Routes::is_own(const net::IpAddress& address) const {
  return std::any_of(
      options_.own_endpoints.begin(), options_.own_endpoints.end(),
      [&](const net::Endpoint& own) { return own.port == options_.port && leads_to(address, own.address); });
}

Result<Way> Routes::direct(const std::string& domain, const TlsWishes& wishes) const {
  const bool literal = domain.starts_with('[');
  const auto ascii = literal ? std::optional(domain) : dns::to_ascii(domain);
  if (!ascii) return Failure::permanent(domain + " is no domain", {5, 1, 2});
  const dns::OwnHost own{options_.hostname,
                         [this](const net::IpAddress& address) { return is_own(address); }};
  const auto hosts = dns::find_mail_hosts(resolver_, *ascii, own);
  if (!hosts) return hosts.error();
  Way way;
  way.notes = hosts->notes;
  for (const auto& host : hosts->hosts) add_host(way, *hosts, host, *ascii, wishes);
  if (way.peers.empty() && way.passed_over.empty())
    return Failure::temporary("no host of " + domain + " can be tried", {4, 4, 4});
  return way;
}

void Routes::add_host(Way& way, const dns::MailHosts& hosts, const dns::MailHost& host,
                      const std::string& domain, const TlsWishes& wishes) const {
  const auto sts = sts_ && !host.name.empty() ? sts_->find(domain) : std::nullopt;
  auto policy = mailauth::policy_for(resolver_, domain, hosts, host, options_.port, sts, wishes);
  if (!policy) {
    Setback setback{relay::Trouble::tls, std::move(policy).error(), 0, host.name};
    if (setback.failure.status == mailauth::not_in_sts_policy)
      setback.published = Published{"sts", sts->lines, {}};
    else if (setback.failure.retry == Retry::later)
      setback.published = Published{"tlsa", {}, {}};
    way.passed_over.push_back(std::move(setback));
    return;
  }
  if (policy->published && !sts && sts_) policy->published->problem = sts_->problem_with(domain);
  for (const auto& address : host.addresses.all) {
    if (way.peers.size() == peers_max) return;
    Peer peer;
    peer.name = host.name;
    peer.endpoint = {address, options_.port};
    peer.policy = *policy;
    way.peers.push_back(std::move(peer));
  }
}

Result<Way> Routes::fixed(const std::string& route) const {
  if (route.starts_with("lmtp:unix:")) {
    Way way;
    Peer peer;
    peer.unix_path = route.substr(10);
    peer.lmtp = true;
    way.peers.push_back(std::move(peer));
    return way;
  }
  const bool lmtp = route.starts_with("lmtp:");
  if (!lmtp && !route.starts_with("host:")) return bad_route(route);
  const auto host = dns::parse_host_port(std::string_view(route).substr(5), lmtp ? lmtp_port : smtp_port);
  if (!host) return bad_route(route);
  return of_host(*host, lmtp, false);
}

Result<Way> Routes::smarthosts() const {
  if (options_.smarthosts.empty())
    return Failure::temporary("the route is \"smarthost\", but mxsend.smarthost is not set", {4, 3, 5});
  Way all;
  std::optional<Failure> failure;
  for (const auto& host : options_.smarthosts) {
    auto way = of_host(host, false, true);
    if (!way) {
      all.passed_over.push_back({relay::Trouble::dns, std::move(way).error(), 0, host.to_text()});
      continue;
    }
    for (auto& peer : way->peers) all.peers.push_back(std::move(peer));
  }
  return all;
}

// O2: its name is not looked up as MX. What fails here is the operator's to mend: temporary.
Result<Way> Routes::of_host(const dns::HostPort& host, bool lmtp, bool smarthost) const {
  const auto addresses = dns::find_addresses(resolver_, host.host);
  if (!addresses) return Failure::temporary(addresses.error().text, {4, 4, 4});
  Way way;
  for (const auto& address : addresses->all) {
    Peer peer;
    peer.name = host.host;
    peer.endpoint = {address, host.port};
    peer.lmtp = lmtp;
    peer.tls_first = host.port == submissions_port;
    peer.policy.demands.server_name = host.host;
    peer.policy.why = "whatever is offered";
    if (smarthost && options_.account) {
      peer.account = &*options_.account;
      peer.policy = smarthost_policy(host.host);
    }
    way.peers.push_back(std::move(peer));
  }
  return way;
}

// O4: whoever is told a password must be the one it is for.
TlsPolicy Routes::smarthost_policy(const std::string& host) const {
  TlsPolicy policy;
  policy.demands.server_name = host;
  policy.why = "smarthost-auth";
  switch (options_.account->tls) {
    case SmarthostAccount::Tls::verify:
      policy.level = TlsPolicy::Level::authority;
      policy.demands.names = {host};
      break;
    case SmarthostAccount::Tls::encrypt:
      policy.level = TlsPolicy::Level::encrypt;
      break;
    case SmarthostAccount::Tls::may:
      break;
  }
  return policy;
}

}  // namespace tubepost::mxsend
