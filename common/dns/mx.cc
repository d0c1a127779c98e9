#include "dns/mx.h"

#include <random>

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::dns {
namespace {

constexpr EnhancedStatus null_mx_status{5, 1, 10};  // RFC 7505 4.2
constexpr EnhancedStatus no_address_status{5, 4, 4};
constexpr EnhancedStatus own_host_status{5, 4, 6};

std::optional<net::IpAddress> parse_literal(std::string_view domain) {
  if (domain.size() < 3 || domain.front() != '[' || domain.back() != ']') return std::nullopt;
  domain = domain.substr(1, domain.size() - 2);
  if (starts_with_ignoring_case(domain, "IPv6:")) domain.remove_prefix(5);
  return net::IpAddress::parse(domain);
}

std::vector<net::IpAddress> in_turns(const std::vector<net::IpAddress>& v6,
                                     const std::vector<net::IpAddress>& v4) {
  std::vector<net::IpAddress> all;
  for (std::size_t i = 0; i < std::max(v6.size(), v4.size()) && all.size() < host_addresses_max; ++i) {
    if (i < v6.size()) all.push_back(v6[i]);
    if (i < v4.size() && all.size() < host_addresses_max) all.push_back(v4[i]);
  }
  return all;
}

// By preference, equals shuffled, names once, at most mail_hosts_max.
std::vector<Mx> in_order(std::vector<Mx> records, const Shuffle& shuffle) {
  std::stable_sort(records.begin(), records.end(),
                   [](const Mx& a, const Mx& b) { return a.preference < b.preference; });
  std::vector<Mx> ordered;
  for (auto at = records.begin(); at != records.end();) {
    const auto end =
        std::find_if(at, records.end(), [&](const Mx& mx) { return mx.preference != at->preference; });
    std::vector<Mx> equals(at, end);
    shuffle(equals);
    for (Mx& mx : equals) {
      const bool known =
          std::any_of(ordered.begin(), ordered.end(), [&](const Mx& o) { return o.host == mx.host; });
      if (!known && ordered.size() < mail_hosts_max) ordered.push_back(std::move(mx));
    }
    at = end;
  }
  return ordered;
}

class MailHostSearch {
public:
  MailHostSearch(Resolver& resolver, const OwnHost& own, const Shuffle& shuffle)
      : resolver_(resolver), own_(own), shuffle_(shuffle) {}

  Result<MailHosts> find(const std::string& domain);

private:
  Result<MailHosts> of_literal(const net::IpAddress& address);
  Result<MailHosts> of_domain_itself(const std::string& domain, bool authenticated);
  Result<MailHosts> of_records(const std::string& domain, Answer<Mx> answer);
  void add(const Mx& mx);
  void drop_from(std::uint16_t preference);
  bool is_own(const std::string& name) const {
    return !own_.name.empty() && equal_ignoring_case(name, own_.name);
  }
  bool is_own(const Addresses& addresses) const {
    return own_.has_address && std::any_of(addresses.all.begin(), addresses.all.end(), own_.has_address);
  }

  Resolver& resolver_;
  const OwnHost& own_;
  const Shuffle& shuffle_;
  MailHosts found_;
  std::optional<std::uint16_t> own_preference_;
  std::optional<Failure> trouble_;         // of a host's look-up; a temporary one before a permanent one
  std::optional<std::uint16_t> in_doubt_;  // the best preference of a host that cannot be looked up now
};

Result<MailHosts> MailHostSearch::find(const std::string& domain) {
  if (const auto literal = parse_literal(domain)) return of_literal(*literal);
  auto answer = resolver_.mx(domain);
  if (answer.kind == Kind::nodata) return of_domain_itself(domain, answer.authenticated);
  if (!answer.ok()) return to_failure(answer.kind, Type::mx, domain, answer.detail);
  return of_records(domain, std::move(answer));
}

Result<MailHosts> MailHostSearch::of_literal(const net::IpAddress& address) {
  MailHost host;
  host.addresses.all = {address};
  found_.hosts.push_back(std::move(host));
  if (is_own(found_.hosts.front().addresses))
    return Failure::permanent("the address literal is our own", own_host_status);
  return std::move(found_);
}

// RFC 5321 5.1: no MX records: the domain as if it were one, of preference 0.
Result<MailHosts> MailHostSearch::of_domain_itself(const std::string& domain, bool authenticated) {
  found_.authenticated = authenticated;
  add({0, domain});
  if (own_preference_)
    return Failure::permanent("mail for " + domain + " leads back to this host", own_host_status);
  if (found_.hosts.empty()) return *trouble_;
  return std::move(found_);
}

Result<MailHosts> MailHostSearch::of_records(const std::string& domain, Answer<Mx> answer) {
  if (answer.records.size() == 1 && answer.records.front().host == ".")  // RFC 7505 3
    return Failure::permanent(domain + " takes no mail (null MX)", null_mx_status);
  found_.from_mx = true;
  found_.authenticated = answer.authenticated;
  for (const Mx& mx : in_order(std::move(answer.records), shuffle_)) {
    if (own_preference_ && mx.preference >= *own_preference_) {
      found_.notes.push_back(mx.host + ": not better than this host");
      continue;
    }
    add(mx);
  }
  if (own_preference_) drop_from(*own_preference_);
  if (!found_.hosts.empty()) return std::move(found_);
  // Being second does not make this host the best, where the DNS cannot say now where the first one is.
  if (own_preference_ && in_doubt_ && *in_doubt_ < *own_preference_) return std::move(*trouble_);
  if (own_preference_)
    return Failure::permanent("this host is the best MX of " + domain + ", but has no such domain",
                              own_host_status);
  return std::move(*trouble_);
}

void MailHostSearch::add(const Mx& mx) {
  if (is_own(mx.host)) {
    own_preference_ = mx.preference;
    found_.notes.push_back(mx.host + ": this host");
    return;
  }
  auto addresses = find_addresses(resolver_, mx.host);
  if (!addresses) {
    found_.notes.push_back(mx.host + ": " + addresses.error().text);
    if (addresses.error().retry == Retry::later && !in_doubt_) in_doubt_ = mx.preference;
    if (!trouble_ || trouble_->retry == Retry::never) trouble_ = std::move(addresses).error();
  } else if (is_own(*addresses)) {
    own_preference_ = mx.preference;
    found_.notes.push_back(mx.host + ": an address of this host");
  } else {
    found_.hosts.push_back({mx.host, mx.preference, std::move(*addresses)});
  }
}

// RFC 5321 5.1: this host in the list: it and all of equal or worse preference are not tried, or mail would
// go in circles.
void MailHostSearch::drop_from(std::uint16_t preference) {
  std::erase_if(found_.hosts, [&](const MailHost& host) {
    if (host.preference < preference) return false;
    found_.notes.push_back(host.name + ": not better than this host");
    return true;
  });
}

}  // namespace

void shuffle_at_random(std::vector<Mx>& equals) {
  thread_local std::minstd_rand random{std::random_device{}()};
  std::shuffle(equals.begin(), equals.end(), random);
}

Result<Addresses> find_addresses(Resolver& resolver, const std::string& host) {
  Addresses addresses;
  if (const auto literal = net::IpAddress::parse(host)) {
    addresses.all = {*literal};
    return addresses;
  }
  const auto v6 = resolver.aaaa(host);
  const auto v4 = resolver.a(host);
  addresses.all = in_turns(v6.records, v4.records);
  addresses.authenticated = v6.authenticated && v4.authenticated;
  addresses.name = v4.ok() ? v4.name : v6.name;
  if (!addresses.all.empty()) return addresses;
  if (!v4.is_absent()) return to_failure(v4.kind, Type::a, host, v4.detail);
  if (!v6.is_absent()) return to_failure(v6.kind, Type::aaaa, host, v6.detail);
  auto failure = to_failure(v4.kind, Type::a, host, v4.detail);
  if (v4.kind == Kind::nodata) failure.status = no_address_status;
  return failure;
}

Result<MailHosts> find_mail_hosts(Resolver& resolver, const std::string& domain, const OwnHost& own,
                                  const Shuffle& shuffle) {
  return MailHostSearch(resolver, own, shuffle).find(domain);
}

}  // namespace tubepost::dns
