#include "greylist/key.h"

#include <algorithm>

#include "base/text.h"
#include "net/endpoint.h"

namespace tubepost::greylist {
namespace {

std::string part(std::string_view text, std::size_t limit) { return to_lower(text.substr(0, limit)); }

// RFC 6647 7: a host chooses among 2^64 addresses.
std::string network_of(const net::IpAddress& address) {
  const unsigned bits = address.is_v6() ? 64 : 24;
  return address.network(bits).to_text() + '/' + std::to_string(bits);
}

// Whom SPF has authenticated, if somebody before us has looked (`authenticated_domain`); else "iprev" of
// RFC 8601 3: client_name is the reverse name where it leads back to the address, and "unknown" where not.
// Its first label names the host, so the rest is the domain, if that is more than a top-level one.
std::string_view domain_of(const policy::Record& request) {
  if (const auto authenticated = request.value("authenticated_domain"); !authenticated.empty())
    return authenticated;
  auto name = request.value("client_name");
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name == "unknown" || std::count(name.begin(), name.end(), '.') < 2) return {};
  return name.substr(name.find('.') + 1);
}

}  // namespace

std::string triplet_key(const Triplet& triplet) {
  std::string key = "t";
  key.reserve(triplet.client.size() + triplet.sender.size() + triplet.recipient.size() + 3);
  key.append(triplet.client).append(1, '\0').append(triplet.sender).append(1, '\0').append(triplet.recipient);
  return key;
}

std::string client_key(std::string_view client) { return 'c' + std::string(client); }

std::optional<Triplet> parse_triplet_key(std::string_view key) {
  if (!key.starts_with('t')) return std::nullopt;
  const auto parts = split(key.substr(1), '\0');
  if (parts.size() != 3) return std::nullopt;
  return Triplet{std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

std::optional<std::string_view> parse_client_key(std::string_view key) {
  if (!key.starts_with('c')) return std::nullopt;
  return key.substr(1);
}

std::optional<Triplet> triplet_of(const policy::Record& request, KeyKind kind) {
  if (request.value("request") != "smtpd_access_policy") return std::nullopt;
  const auto recipient = request.value("recipient");
  if (recipient.empty() || !request.value("sasl_username").empty()) return std::nullopt;
  const auto address = net::IpAddress::parse(request.value("client_address"));
  if (!address) return std::nullopt;
  Triplet triplet;
  triplet.sender = part(request.value("sender"), address_max);
  triplet.recipient = part(recipient, address_max);
  if (kind == KeyKind::domain) triplet.client = part(domain_of(request), client_max);
  if (triplet.client.empty())
    triplet.client = kind == KeyKind::exact ? address->to_text() : network_of(*address);
  return triplet;
}

}  // namespace tubepost::greylist
