// TLSA records of any content: they are usable or not, and a connection with them is begun or refused; no
// record makes the client crash. One record: usage, selector, matching type, length, data.
#include <cstdint>

#include "support/memory_stream.h"
#include "tls/context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost;
  static const auto context = tls::ClientContext::create("", false).value();
  tls::PeerDemands demands;
  demands.server_name = "mx.example.test";
  demands.names = {"mx.example.test", "example.test"};
  while (size >= 4 && demands.tlsa.size() < 32) {
    const std::size_t length = std::min<std::size_t>(data[3], size - 4);
    demands.tlsa.push_back(
        {data[0], data[1], data[2], std::string(reinterpret_cast<const char*>(data) + 4, length)});
    data += 4 + length, size -= 4 + length;
  }
  const std::string rest(reinterpret_cast<const char*>(data), size);
  test_support::MemoryStream stream(rest, test_support::MemoryStream::AtEnd::disconnected);
  try {
    (void)context->connect(stream, demands);
  } catch (const net::StreamEnd&) {
  }
  return 0;
}
