// The parts of any bytes lie in the message and inside one another, in order and without overlap; their number, depth
// and the work they took are bounded; decoding never makes more of a body than it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "message/mime_part.h"
#include "message/parameters.h"

namespace {

using namespace tubepost::message;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_place(const std::vector<MimePart>& parts, std::uint32_t index, std::size_t size) {
  const auto& part = parts[index];
  demand(part.header_begin <= part.body_begin && part.body_begin <= part.body_end && part.body_end <= size);
  demand(part.lines <= part.body_end - part.body_begin && part.depth <= mime_depth_max);
  demand(!part.type.empty() && !part.subtype.empty());
  demand((part.first_child != no_part) ==
         (part.opened == Opened::multipart || part.opened == Opened::message));
  std::size_t at = part.body_begin;
  for (auto child = part.first_child; child != no_part; child = parts[child].next_sibling) {
    demand(child > index && parts[child].parent == index && parts[child].depth == part.depth + 1);
    demand(parts[child].header_begin >= at && parts[child].body_end <= part.body_end);
    at = parts[child].body_end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::uint64_t examined = 0;
  const auto parts = read_mime(text, &examined);
  demand(!parts.empty() && parts.size() <= mime_parts_max && examined <= 70 * (size + 1));
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    check_place(parts, i, size);
    const auto body = parts[i].body(text);
    if (i < 20) {
      demand(decode_transfer(body, parts[i].encoding).size() <= body.size());
      part_path(parts, i);
      file_name(parts[i]);
      charset_of(parts[i]);
    }
  }
  return 0;
}
