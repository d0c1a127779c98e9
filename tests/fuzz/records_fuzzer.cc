// A stream of records, fed whole and byte by byte: both ways give the same records, and each, written again,
// is read as the same one.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "process/records.h"

using namespace tubepost;

namespace {

std::string read_in_pieces(std::string_view text, std::size_t piece) {
  process::RecordReader reader;
  std::string all;
  while (!text.empty()) {
    reader.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    for (;;) {
      auto next = reader.next();
      if (!next) return all + "broken";
      if (!*next) break;
      all += (*next)->to_text();
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_in_pieces(text, std::max<std::size_t>(size, 1));
  if (whole != read_in_pieces(text, 1)) std::abort();
  if (!whole.ends_with("broken") && read_in_pieces(whole, 7) != whole) std::abort();
  return 0;
}
