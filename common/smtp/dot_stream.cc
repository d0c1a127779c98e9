#include "smtp/dot_stream.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace tubepost::smtp {
namespace {


std::size_t find_byte(std::string_view text, char byte, std::size_t from) {
  if (from >= text.size()) return npos;
  const void* found = std::memchr(text.data() + from, byte, text.size() - from);
  return found == nullptr ? npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

struct Tally {
  std::uint64_t crs = 0;
  bool nul = false, eight_bit = false;
};

// One block whose size the compiler knows: it makes vector instructions of the loop, also at -O2. 255 is the
// most that an 8-bit counter per lane could hold.
template <std::size_t size>
void tally_block(const unsigned char* bytes, Tally& tally) {
  static_assert(size < 256);
  unsigned char crs = 0, nuls = 0, bits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    crs = static_cast<unsigned char>(crs + (bytes[i] == '\r'));
    nuls = static_cast<unsigned char>(nuls | (bytes[i] == 0));
    bits = static_cast<unsigned char>(bits | bytes[i]);
  }
  tally.crs += crs;
  tally.nul |= nuls != 0;
  tally.eight_bit |= (bits & 0x80) != 0;
}

Tally tally_of(std::string_view text) {
  constexpr std::size_t block = 128;
  Tally tally;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  for (; left >= block; bytes += block, left -= block) tally_block<block>(bytes, tally);
  for (; left > 0; ++bytes, --left) tally_block<1>(bytes, tally);
  return tally;
}

}  // namespace

// ---- in

std::size_t DotReader::feed(std::string_view chunk, const ContentSink& sink) {
  std::size_t at = 0;
  while (at < chunk.size() && place_ != Place::finished)
    at = place_ == Place::in_line ? take_lines(chunk, at, sink) : take_line_start(chunk, at, sink);
  inspect(chunk.substr(0, at));
  return at;
}

// One byte at the beginning of a line: dots are seldom, so no need to be fast.
std::size_t DotReader::take_line_start(std::string_view chunk, std::size_t at, const ContentSink& sink) {
  const char c = chunk[at];
  if (place_ == Place::line_start && c == '.') {
    place_ = Place::after_dot;
    return at + 1;
  }
  if (place_ == Place::after_dot && c == '\r') {
    place_ = Place::after_dot_cr;
    return at + 1;
  }
  if (place_ == Place::after_dot_cr && c == '\n') {  // RFC 5321 4.1.1.4: the end, and the only one
    ++line_ends_;
    place_ = Place::finished;
    return at + 1;
  }
  // RFC 5321 4.5.2: a dot that more stands behind was put there by the sender's client, and goes. The CR
  // behind it stays.
  after_cr_ = place_ == Place::after_dot_cr;
  if (after_cr_) emit("\r", sink);
  line_octets_ = after_cr_ ? 1 : 0;
  place_ = Place::in_line;
  return at;
}

// Lines as long as they begin with anything but a dot, in one span.
std::size_t DotReader::take_lines(std::string_view chunk, std::size_t at, const ContentSink& sink) {
  std::size_t line = at;
  for (auto lf = find_byte(chunk, '\n', at); lf != npos; lf = find_byte(chunk, '\n', lf + 1)) {
    const bool ends_line = lf > at ? chunk[lf - 1] == '\r' : after_cr_;
    if (!ends_line) {
      findings_.bare_lf = true;
      continue;
    }
    ++line_ends_;
    findings_.longest_line = std::max(findings_.longest_line, line_octets_ + (lf - line) - 1);
    line_octets_ = 0;
    line = lf + 1;
    if (line < chunk.size() && chunk[line] != '.') continue;
    place_ = Place::line_start;
    emit(chunk.substr(at, line - at), sink);
    return line;
  }
  line_octets_ += chunk.size() - line;
  after_cr_ = chunk.back() == '\r';
  emit(chunk.substr(at), sink);
  return chunk.size();
}

void DotReader::emit(std::string_view span, const ContentSink& sink) {
  findings_.octets += span.size();
  sink(span);
}

void DotReader::inspect(std::string_view bytes) {
  const Tally tally = tally_of(bytes);
  crs_ += tally.crs;
  findings_.nul |= tally.nul;
  findings_.eight_bit |= tally.eight_bit;
}

DotReader::Findings DotReader::findings() const {
  Findings findings = findings_;
  findings.bare_cr = crs_ != line_ends_;  // each line end has one CR; any more are bare
  const std::uint64_t open_line = line_octets_ - (place_ == Place::in_line && after_cr_ ? 1 : 0);
  findings.longest_line = std::max(findings.longest_line, open_line);
  return findings;
}

// ---- out

void DotWriter::write(std::string_view content, const ContentSink& sink) {
  if (content.empty()) return;
  if (place_ == Place::line_start && content.front() == '.') sink(".");
  std::size_t written = 0;
  for (auto lf = find_byte(content, '\n', 0); lf != npos; lf = find_byte(content, '\n', lf + 1)) {
    const bool ends_line = lf > 0 ? content[lf - 1] == '\r' : place_ == Place::after_cr;
    if (!ends_line || lf + 1 == content.size() || content[lf + 1] != '.') continue;
    sink(content.substr(written, lf + 1 - written));
    sink(".");
    written = lf + 1;
  }
  sink(content.substr(written));
  const bool after_cr = content.size() > 1 ? content[content.size() - 2] == '\r' : place_ == Place::after_cr;
  if (content.back() == '\r')
    place_ = Place::after_cr;
  else
    place_ = content.back() == '\n' && after_cr ? Place::line_start : Place::in_line;
}

void DotWriter::finish(const ContentSink& sink) {
  sink(place_ == Place::line_start ? ".\r\n" : "\r\n.\r\n");
  place_ = Place::line_start;
}

void append_dot_stuffed(std::string& out, std::string_view content) {
  const ContentSink append = [&](std::string_view span) { out += span; };
  DotWriter writer;
  writer.write(content, append);
  writer.finish(append);
}

}  // namespace tubepost::smtp
