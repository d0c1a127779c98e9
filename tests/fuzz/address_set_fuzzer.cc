// RANGE texts: first line the set, second an address; whoever is in a set is in the set of its own ranges
// too.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/address_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto newline = text.find('\n');
  const auto set = AddressSet::parse(text.substr(0, newline));
  (void)parse_endpoint(text, 25);
  const auto address = newline == text.npos ? std::nullopt : IpAddress::parse(text.substr(newline + 1));
  if (!address) return 0;
  if (IpAddress::parse(address->to_text()) != address) std::abort();
  if (!AddressSet::parse(address->to_text())->contains(*address)) std::abort();
  if (set && set->contains(*address) && set->empty()) std::abort();
  // More ranges can only add.
  const auto wider = AddressSet::parse(std::string(text.substr(0, newline)) + "," + address->to_text());
  if (set && !set->empty() && (!wider || !wider->contains(*address))) std::abort();
  return 0;
}
