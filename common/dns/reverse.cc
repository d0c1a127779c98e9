#include <array>

#include "base/text.h"
#include "dns/mx.h"
#include "dns/name.h"

namespace tubepost::dns {
namespace {

constexpr std::size_t reverse_names_max = 10;  // as SPF has it for PTR (RFC 7208 4.6.4)

}  // namespace

std::string reversed_labels(const net::IpAddress& address) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto& bytes = address.bytes();
  std::string labels;
  for (std::size_t i = address.is_v6() ? 16 : 4; i-- > 0;) {
    if (!labels.empty()) labels += '.';
    if (address.is_v6())
      labels.append({digits[bytes[i] & 15], '.', digits[bytes[i] >> 4]});
    else
      labels += std::to_string(bytes[i]);
  }
  return labels;
}

std::string reverse_name(const net::IpAddress& address) {
  return reversed_labels(address) + (address.is_v6() ? ".ip6.arpa" : ".in-addr.arpa");
}

ReverseNames find_reverse_names(Resolver& resolver, const net::IpAddress& address) {
  const auto answer = resolver.ptr(reverse_name(address));
  ReverseNames reverse;
  reverse.kind = answer.kind;
  for (const Host& host : answer.records) {
    const auto name = normal_name(host.name);
    if (!name || reverse.names.size() == reverse_names_max) continue;
    reverse.names.push_back(*name);
    const auto back = address.is_v6() ? resolver.aaaa(*name) : resolver.a(*name);
    if (std::find(back.records.begin(), back.records.end(), address) != back.records.end())
      reverse.confirmed.push_back(*name);
    else if (!back.ok() && !back.is_absent())
      reverse.unsure = true;
  }
  return reverse;
}

}  // namespace tubepost::dns
