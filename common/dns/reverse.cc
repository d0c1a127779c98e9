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
  Inquiry inquiry(resolver);
  ReverseLookUp look_up(address, inquiry, Inquiry::Time::now() + limit);
  inquiry.ask();
  look_up.follow_up(inquiry);
  inquiry.ask();
  return look_up.finish(inquiry);
}

ReverseLookUp::ReverseLookUp(const net::IpAddress& address, Inquiry& inquiry, Inquiry::Time::time_point end)
    : address_(address), end_(end), answer_(inquiry.add({reverse_name(address), Type::ptr}, end)) {}

void ReverseLookUp::follow_up(Inquiry& inquiry) {
  const auto answer = to_answer<Host>(inquiry.take(answer_));
  found_.kind = answer.kind;
  for (const Host& host : answer.records) {
    const auto name = normal_name(host.name);
    if (!name || found_.names.size() == reverse_names_max) continue;
    found_.names.push_back(*name);
    backs_.push_back(inquiry.add({*name, address_.is_v6() ? Type::aaaa : Type::a}, end_));
  }
}

ReverseNames ReverseLookUp::finish(Inquiry& inquiry) {
  for (std::size_t i = 0; i < backs_.size(); ++i) {
    const auto back = to_answer<net::IpAddress>(inquiry.take(backs_[i]));
    if (std::find(back.records.begin(), back.records.end(), address_) != back.records.end())
      found_.confirmed.push_back(found_.names[i]);
    else if (!back.ok() && !back.is_absent())
      found_.unsure = true;
  }
  return std::move(found_);
}

}  // namespace tubepost::dns
