// Conversion to seven bits: what comes out has none beyond them and is then left
// alone; what is signed is refused. Conversion to lines helps whatever comes, is longer, and leaves alone what it made.
#include <cstdint>
#include <cstdlib>

#include "message/mime_part.h"
#include "message/seven_bit.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto lines = message::in_lines(text)) {
    demand(lines->find('\0') == std::string::npos);
    demand(lines->size() > text.size());
    demand(!message::in_lines(*lines));
  }
  const auto converted = message::to_seven_bit(text);
  if (!converted) return 0;
  demand(!message::is_signed(text));
  demand(!message::has_eight_bit(*converted));
  if (!message::has_eight_bit(text)) demand(*converted == text);
  const auto again = message::to_seven_bit(*converted);
  if (again) demand(*again == *converted);
  return 0;
}
