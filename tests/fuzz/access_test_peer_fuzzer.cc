// What peers of the access test say to one another, and replies that people paste.
#include <cstdint>
#include <cstdlib>

#include "basic-access-test/peer_protocol.h"
#include "smtp/reply_class.h"
#include "smtp/reply_words.h"

namespace {

using namespace tubepost;
using namespace tubepost::basic_access_test;

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto request = parse_view_request(text)) {
    demand(request->ports.size() <= peer_ports_max);
    demand(!is_genuine(*request, "the secret that nobody can guess", std::string(32, 'a')));
  }
  if (const auto view = parse_port_view(text)) demand(to_line(*view).find_first_of("\r\n") == std::string::npos);
  (void)parse_peer_greeting(text);
  (void)parse_peer_port(text);
  if (const auto reply = smtp::find_pasted_reply(text)) {
    demand(reply->code != 0 || reply->status);
    demand(reply->text.find_first_of("\r\n\0") == std::string::npos);
    (void)smtp::explain_reply(reply->code, reply->status, reply->text);
  }
  return 0;
}
