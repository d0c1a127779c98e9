// PROXY headers: no size promised is overstepped, and what is read whole is what is parsed.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost::net;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)parse_proxy_header(bytes);
  const std::size_t wanted = proxy_header_size(bytes);
  if (wanted == 0 && parse_proxy_header(bytes)) std::abort();
  if (wanted > 16 + 65535) std::abort();
  if (wanted > 0 && wanted <= size) {
    const auto header = parse_proxy_header(bytes.substr(0, wanted));
    if (header && header->client.has_value() != header->server.has_value()) std::abort();
  }
  return 0;
}
