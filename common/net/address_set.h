// RANGE of contracts.md: a comma list of addresses, CIDR blocks and first-last ranges. Look-up by binary
// search.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"

namespace tubepost::net {

class AddressSet {
public:
  AddressSet() = default;
  static Result<AddressSet> parse(std::string_view text);  // empty text: the empty set
  bool contains(const IpAddress& address) const;
  bool empty() const { return ranges_.empty(); }

private:
  struct Range {
    IpAddress first, last;
  };
  std::vector<Range> ranges_;  // sorted, disjoint
};

}  // namespace tubepost::net
