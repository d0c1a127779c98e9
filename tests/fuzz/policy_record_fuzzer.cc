// A policy record read whole and read from a stream is the same record; written and read again it stays so;
// and whatever an action's text is, it becomes one printable line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "net/line_stream.h"
#include "policy/policy_client.h"
#include "policy/policy_record.h"
#include "support/memory_stream.h"

using namespace tubepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto action = policy::parse_action(text);
  if (action.text.size() > policy::action_text_max) std::abort();
  for (const char c : action.text)
    if (c == '\n' || c == '\r' || c == '\0') std::abort();

  test_support::MemoryStream stream(text);
  net::LineStream lines(stream);
  lines.set_accept_lf(true);
  for (auto read = policy::read_record(lines); read && *read; read = policy::read_record(lines)) {
    const auto again = policy::parse_record((*read)->to_text());
    if (!again || again->to_text() != (*read)->to_text()) std::abort();
    (void)policy::action_of(**read);
  }
  (void)policy::parse_record(text);
  // A service as the setting names it: where it can be asked, or why not.
  if (const auto service = policy::parse_service(text))
    if (service->command.empty() && service->unix_path.empty() && !service->endpoint) std::abort();
  return 0;
}
