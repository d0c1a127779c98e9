// IMAP URLs of messages (RFC 5092), as CATENATE takes them.
#include "imap/message_url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url =
      tubepost::imap::parse_message_url(std::string_view(reinterpret_cast<const char*>(data), size));
  if (url && url->uid == 0) __builtin_trap();
  return 0;
}
