#include "net/address_set.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::net {
namespace {

struct Bounds {
  IpAddress first, last;
};

std::optional<Bounds> parse_block(std::string_view address_text, std::string_view bits_text) {
  const auto address = IpAddress::parse(address_text);
  const auto bits = parse_number<unsigned>(bits_text);
  if (!address || !bits || *bits > (address->is_v6() ? 128U : 32U)) return std::nullopt;
  // An IPv4-mapped address has become IPv4, so its prefix length would mean something else: refused above,
  // mostly.
  if (!address->is_v6() && address_text.find(':') != address_text.npos) return std::nullopt;
  return Bounds{address->network(*bits), address->last_of_network(*bits)};
}

std::optional<Bounds> parse_item(std::string_view item) {
  if (const auto slash = item.find('/'); slash != item.npos)
    return parse_block(item.substr(0, slash), item.substr(slash + 1));
  const auto dash = item.find('-');
  const auto first = IpAddress::parse(trim(item.substr(0, dash)));
  const auto last = dash == item.npos ? first : IpAddress::parse(trim(item.substr(dash + 1)));
  if (!first || !last || first->is_v6() != last->is_v6() || *last < *first) return std::nullopt;
  return Bounds{*first, *last};
}

}  // namespace

Result<AddressSet> AddressSet::parse(std::string_view text) {
  AddressSet set;
  if (trim(text).empty()) return set;
  for (const std::string_view piece : split(text, ',')) {
    const auto bounds = parse_item(trim(piece));
    if (!bounds)
      return Failure::permanent("'" + printable(trim(piece)) +
                                "' is neither an address, ADDRESS/BITS nor FIRST-LAST");
    set.ranges_.push_back({bounds->first, bounds->last});
  }
  std::sort(set.ranges_.begin(), set.ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> merged;
  for (const Range& range : set.ranges_) {
    if (!merged.empty() && range.first <= merged.back().last)
      merged.back().last = std::max(merged.back().last, range.last);
    else
      merged.push_back(range);
  }
  set.ranges_ = std::move(merged);
  return set;
}

bool AddressSet::contains(const IpAddress& address) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                      [](const IpAddress& a, const Range& range) { return a < range.first; });
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

}  // namespace tubepost::net
