// The request to a message filter that serves, as any client of its socket may write it.
#include <cstdint>
#include <cstdlib>

#include "policy/filter_service.h"
#include "support/memory_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost;
  test_support::MemoryStream stream(std::string(reinterpret_cast<const char*>(data), size));
  net::LineStream lines(stream);
  const auto request = policy::read_filter_request(lines, 4096);
  if (request && request->message.size() > 4096) std::abort();
  return 0;
}
