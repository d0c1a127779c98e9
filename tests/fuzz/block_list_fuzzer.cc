// Whatever a dnsbl setting says, it is a list or a refusal, and never counts 127.255.255.x or an address
// outside 127.0.0.0/8.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/block_list.h"

using namespace tubepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = policy::BlockList::parse({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  if (list->zone.empty() || list->zone.size() > 189) std::abort();
  for (const char* never : {"127.255.255.254", "192.0.2.1", "2001:db8::1"})
    if (policy::classify(*list, *net::IpAddress::parse(never)) == policy::Reply::listed) std::abort();
  return 0;
}
