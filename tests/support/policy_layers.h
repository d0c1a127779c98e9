// Layers that look at the network, each by itself: an inquiry of its own for each client. In smtpd both share one (policy/layers.h).
#pragma once

#include "policy/dnsbl.h"
#include "policy/reverse_dns.h"

namespace tubepost::test_support {

template <class LookUp>
auto finish(LookUp look_up, dns::Inquiry& inquiry) {
  inquiry.ask();
  look_up.follow_up(inquiry);
  inquiry.ask();
  return look_up.finish(inquiry);
}

struct BlockListsAlone {
  policy::BlockLists lists;
  dns::Resolver& resolver;
  policy::ListVerdict check(const net::IpAddress& client) {
    dns::Inquiry inquiry(resolver);
    return finish(lists.begin(client, inquiry), inquiry);
  }
};

struct ReverseDnsAlone {
  policy::ReverseDns reverse;
  dns::Resolver& resolver;
  policy::ReverseVerdict check(const net::IpAddress& client, policy::ReverseNeed need) {
    dns::Inquiry inquiry(resolver);
    return finish(reverse.begin(client, need, inquiry), inquiry);
  }
};

}  // namespace tubepost::test_support
