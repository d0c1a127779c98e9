// The reader of mail data finds the same as a slow one that has all the input at once, however the input is
// cut; the writer is undone by the reader.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "smtp/dot_stream.h"
#include "support/dot_reference.h"

namespace {

using namespace tubepost;
using test_support::DotReference;

void demand(bool holds) {
  if (!holds) std::abort();
}

// `cuts`: lengths of the pieces, over and over; none: one piece.
DotReference read(std::string_view input, std::string_view cuts) {
  smtp::DotReader reader;
  DotReference found;
  const smtp::ContentSink sink = [&](std::string_view span) { found.content += span; };
  for (std::size_t i = 0; found.consumed < input.size() && !reader.finished(); ++i) {
    const std::size_t piece =
        cuts.empty() ? input.size() : 1 + static_cast<unsigned char>(cuts[i % cuts.size()]) % 64;
    found.consumed += reader.feed(input.substr(found.consumed, piece), sink);
  }
  const auto findings = reader.findings();
  found.finished = reader.finished();
  found.longest_line = findings.longest_line;
  found.bare_cr = findings.bare_cr;
  found.bare_lf = findings.bare_lf;
  found.nul = findings.nul;
  found.eight_bit = findings.eight_bit;
  demand(findings.octets == found.content.size());
  return found;
}

void compare(const DotReference& found, const DotReference& expected) {
  demand(found.content.starts_with(expected.content) && found.finished == expected.finished);
  demand(found.consumed == expected.consumed && found.content == expected.content);
  demand(found.nul == expected.nul && found.eight_bit == expected.eight_bit &&
         found.bare_lf == expected.bare_lf);
  if (!expected.finished) return;  // a CR at the very end is not decided yet
  demand(found.longest_line == expected.longest_line && found.bare_cr == expected.bare_cr);
}

std::string write(std::string_view content, std::string_view cuts) {
  std::string wire;
  smtp::DotWriter writer;
  const smtp::ContentSink sink = [&](std::string_view span) { wire += span; };
  for (std::size_t i = 0; !content.empty(); ++i) {
    const auto piece = content.substr(
        0, cuts.empty() ? content.size() : 1 + static_cast<unsigned char>(cuts[i % cuts.size()]) % 64);
    writer.write(piece, sink);
    content.remove_prefix(piece.size());
  }
  writer.finish(sink);
  return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto cuts = input.substr(0, data[0] & 7);
  input.remove_prefix(cuts.size());

  const auto expected = test_support::read_dots_slowly(input);
  compare(read(input, {}), expected);
  compare(read(input, cuts), expected);
  compare(read(input, std::string_view("\0", 1)), expected);

  const auto wire = write(input, cuts);
  demand(wire == write(input, {}));
  const auto back = read(wire + "QUIT\r\n", cuts);
  demand(back.finished && back.consumed == wire.size() && back.content.starts_with(input));
  demand(back.content.size() == input.size() || back.content == std::string(input) + "\r\n");
  return 0;
}
