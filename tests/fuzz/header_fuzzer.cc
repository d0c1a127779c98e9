// Fields stand in the message, in order and without overlap; what was judged sound reads the same strictly
// and tolerantly; what submission adds makes a message whole; a Received field made of the input is one
// field.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "message/header.h"
#include "message/received.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

std::size_t walk(std::string_view text, message::HeaderMode mode) {
  message::HeaderReader reader(text, mode);
  std::size_t count = 0;
  const char* at = text.data();
  while (const auto field = reader.next()) {
    ++count;
    demand(field->whole.data() >= at && !field->name.empty() && field->whole.starts_with(field->name));
    at = field->whole.data() + field->whole.size();
    demand(at <= text.data() + text.size() &&
           field->whole.size() >= field->name.size() + 1 + field->value.size());
    demand(message::unfold(field->value).size() <= field->value.size());
  }
  demand(reader.body_offset() <= text.size());
  demand(!reader.next().has_value());
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto strict = walk(text, message::HeaderMode::strict),
             tolerant = walk(text, message::HeaderMode::tolerant);
  const bool sound = !message::corruption(text, false);
  if (sound) demand(strict == tolerant && strict > 0);
  if (message::corruption(text, true)) return 0;
  const auto added = message::missing_fields(text, "joe@example.test", "mx.example.test", Timestamp{});
  const auto whole = added + std::string(text);
  demand(message::missing_fields(whole, "joe@example.test", "mx.example.test", Timestamp{}).empty());
  if (strict > 0 || !added.empty()) demand(!message::corruption(whole, true));

  message::Received received;
  received.helo = received.client_name = received.user = received.tls = received.recipient = text;
  received.by = received.protocol = received.id = "x";
  const auto field = message::received_field(received);
  demand(message::find_field(field, "Received")->whole == field && !message::corruption(field, false));
  return 0;
}
