// Addresses that were read whole and written again are read the same; the list is bounded.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "message/address_list.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost;
  const auto list = message::parse_address_list({reinterpret_cast<const char*>(data), size});
  const auto addresses = list.addresses();
  demand(addresses.size() <= message::address_list_max);
  for (const auto& address : addresses) {
    demand(address.display_name.size() <= size && address.local_part.size() <= size &&
           address.domain.size() <= size);
    const auto again = message::parse_address_list('<' + address.to_text() + '>');
    demand(again.addresses().size() == 1 && !again.broken);
    demand(again.addresses().front().local_part == address.local_part);
    demand(again.addresses().front().domain == address.domain);
  }
  return 0;
}
