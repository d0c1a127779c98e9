// Lines are the same however the input is cut, and the same as a byte-by-byte reading of the rule finds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "net/line_stream.h"

namespace {

using tubepost::net::LineStream;

class CutStream final : public tubepost::net::Stream {
public:
  CutStream(std::string_view input, std::string_view cuts) : input_(input), cuts_(cuts) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t piece =
        cuts_.empty() ? SIZE_MAX : 1 + static_cast<unsigned char>(cuts_[next_++ % cuts_.size()]);
    const std::size_t count = std::min({into.size(), input_.size(), piece});
    if (count > 0) std::memcpy(into.data(), input_.data(), count);
    input_.remove_prefix(count);
    return count;
  }
  void write(std::string_view) override {}
  void set_time_limit(std::chrono::milliseconds) override {}
  bool wait_readable(std::chrono::milliseconds) override { return true; }
  void interrupt() override {}
  void close() override {}

private:
  std::string_view input_, cuts_;
  std::size_t next_ = 0;
};

const std::string too_long = "\xff too long";

std::vector<std::string> cut(std::string_view input, std::string_view cuts, std::size_t limit,
                             std::size_t size, bool lf) {
  CutStream stream(input, cuts);
  LineStream lines(stream, size);
  lines.set_accept_lf(lf);
  std::vector<std::string> found;
  for (;;) {
    const auto line = lines.read_line(limit);
    if (line.kind == LineStream::Line::Kind::end) return found;
    found.push_back(line.kind == LineStream::Line::Kind::ok ? std::string(line.text) : too_long);
  }
}

std::vector<std::string> by_the_rule(std::string_view input, std::size_t limit, bool lf) {
  std::vector<std::string> found;
  std::string line;
  for (const char c : input) {
    line += c;
    const bool crlf = line.ends_with("\r\n");
    if (!crlf && !(lf && c == '\n')) continue;
    line.resize(line.size() - (crlf ? 2 : 1));
    found.push_back(line.size() <= limit ? line : too_long);
    line.clear();
  }
  return found;
}

}  // namespace

// First byte: the limit; second: the buffer's size; third: flags and how many bytes of cuts follow.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t limit = data[0], buffer = data[1];
  const bool lf = (data[2] & 0x80) != 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::string_view cuts = rest.substr(0, data[2] & 0x0f);
  rest.remove_prefix(cuts.size());
  const auto expected = by_the_rule(rest, limit, lf);
  if (cut(rest, {}, limit, buffer, lf) != expected || cut(rest, cuts, limit, buffer, lf) != expected ||
      cut(rest, std::string_view("\0", 1), limit, buffer, lf) != expected)
    std::abort();
  return 0;
}
