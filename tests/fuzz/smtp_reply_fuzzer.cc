// A server that says anything: the client's conversation ends in an answer, a Failure or the end of the
// stream, within its bounds; what it kept of replies is bounded.
#include <cstdint>
#include <cstdlib>

#include "smtp/client.h"
#include "smtp/reply_class.h"
#include "smtp/reply_parser.h"
#include "support/memory_stream.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

void look_at(const smtp::Reply& reply) {
  demand(reply.code >= 200 && reply.code < 600 && reply.lines.size() <= smtp::received_lines_max);
  std::size_t octets = 0;
  for (const auto& line : reply.lines) octets += line.size();
  demand(octets <= smtp::received_octets_max);
  const auto meaning = smtp::explain_reply(reply.code, reply.status, reply.first_line());
  demand(meaning.links.size() <= 3);
}

void converse(std::string_view input, bool lmtp) {
  test_support::MemoryStream stream(std::string(input), test_support::MemoryStream::AtEnd::disconnected, 7);
  smtp::Client client(stream, {"fuzz.test", lmtp, {}});
  try {
    const auto greeting = client.greeting();
    if (!greeting) return;
    look_at(*greeting);
    const auto hello = client.hello();
    if (!hello) return;
    look_at(*hello);
    const auto login =
        client.authenticate("PLAIN", "x", [](std::string_view) { return Result<std::string>("y"); });
    if (login) look_at(*login);
    smtp::Letter letter;
    letter.recipients = {{"a@b.test", "", ""}, {"c@b.test", "", ""}};
    letter.content = "x\r\n.y\r\n";
    smtp::Sent sent;
    if (!client.send(
            letter, [](bool) {}, sent))
      return;
    for (const auto& reply : sent.recipients) look_at(reply);
    demand(sent.content.size() <= (lmtp ? 2 : 1));
    client.quit();
  } catch (const net::StreamEnd&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  converse(text, false);
  converse(text, true);
  return 0;
}
