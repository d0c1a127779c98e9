#include <algorithm>
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

ReverseNames find_reverse_names(Resolver& resolver, const net::IpAddress& address,
                                std::chrono::milliseconds limit) {
  using Time = std::chrono::steady_clock;
  const auto end = Time::now() + limit;
  const auto answer =
      to_answer<Host>(std::move(resolver.query_all({{reverse_name(address), Type::ptr}}, limit).front()));
  ReverseNames reverse;
  reverse.kind = answer.kind;
  std::vector<Question> questions;
  for (const Host& host : answer.records) {
    const auto name = normal_name(host.name);
    if (!name || reverse.names.size() == reverse_names_max) continue;
    reverse.names.push_back(*name);
    questions.push_back({*name, address.is_v6() ? Type::aaaa : Type::a});
  }
  if (questions.empty()) return reverse;
  auto addresses =
      resolver.query_all(questions, std::chrono::ceil<std::chrono::milliseconds>(end - Time::now()));
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto back = to_answer<net::IpAddress>(std::move(addresses[i]));
    if (std::find(back.records.begin(), back.records.end(), address) != back.records.end())
      reverse.confirmed.push_back(reverse.names[i]);
    else if (!back.ok() && !back.is_absent())
      reverse.unsure = true;
  }
  return reverse;
}

}  // namespace tubepost::dns
