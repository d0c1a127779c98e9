// POP3 and IMAP servers that say anything: each conversation ends in answers, a Failure or the end of the stream,
// within its bounds.
#include <cstdint>
#include <cstdlib>

#include "imap/client.h"
#include "pop3/client.h"
#include "support/memory_stream.h"

namespace {

using namespace tubepost;

constexpr std::size_t content_max = 4096;

void demand(bool holds) {
  if (!holds) std::abort();
}

Result<std::string> respond(std::string_view) { return Result<std::string>("x"); }

void by_pop3(std::string_view input) {
  test_support::MemoryStream stream(std::string(input), test_support::MemoryStream::AtEnd::disconnected, 7);
  pop3::ClientOptions options;
  options.content_max = content_max;
  pop3::Client client(stream, options);
  try {
    if (!client.greeting()) return;
    const auto list = client.capabilities();
    if (!list) return;
    for (const auto& line : list->lines) demand(line.find('\n') == std::string::npos);
    (void)client.authenticate("PLAIN", "x", respond);
    (void)client.login("a", "b");
    const auto content = client.content("RETR 1");
    if (content) demand(content->text.size() <= content_max);
    client.quit();
  } catch (const net::StreamEnd&) {
  }
}

void by_imap(std::string_view input) {
  test_support::MemoryStream stream(std::string(input), test_support::MemoryStream::AtEnd::disconnected, 7);
  imap::ClientOptions options;
  options.content_max = content_max;
  imap::Client client(stream, options);
  try {
    if (!client.greeting()) return;
    (void)client.ask_capabilities();
    (void)client.authenticate("PLAIN", "x", respond);
    (void)client.login("a", "\xc3\xbc");
    const auto answer = client.command("FETCH 1 BODY[]");
    std::size_t octets = 0;
    if (answer)
      for (const auto& response : answer->untagged)
        for (const auto& literal : response.literals) octets += literal.size();
    demand(octets <= content_max);
    client.logout();
  } catch (const net::StreamEnd&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  by_pop3(text);
  by_imap(text);
  return 0;
}
