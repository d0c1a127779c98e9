#include "smtp/reply.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr std::size_t text_max = 8192;  // of one line given; what is longer ends there
constexpr int challenge = 334;          // RFC 4954 4
constexpr std::size_t challenge_max = 12'288;

// How much of `text` fits into `room` bytes: up to a blank if there is one in the second half, never inside a
// character.
std::size_t piece_length(std::string_view text, std::size_t room) {
  if (text.size() <= room) return text.size();
  const auto blank = text.rfind(' ', room);
  if (blank != std::string_view::npos && blank >= room / 2) return blank;
  std::size_t length = room;
  while (length > room - 4 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return length;
}

// As lines that begin with `prefix`, each with its end; where the last one begins.
std::size_t append_lines(std::string& wire, std::string_view prefix, std::string_view text) {
  const std::size_t room = reply_line_max - prefix.size() - 2;
  std::size_t last = 0;
  do {
    const auto length = piece_length(text, room);
    last = wire.size();
    wire.append(prefix).append(text.substr(0, length)).append("\r\n");
    text.remove_prefix(length);
    if (text.starts_with(' ')) text.remove_prefix(1);
  } while (!text.empty());
  return last;
}

}  // namespace

Reply::Reply(int reply_code, std::optional<EnhancedStatus> enhanced, std::string text)
    : Reply(reply_code, enhanced, std::vector<std::string>{std::move(text)}) {}

Reply::Reply(int reply_code, std::optional<EnhancedStatus> enhanced, std::vector<std::string> text)
    : code(reply_code), status(enhanced), lines(std::move(text)) {
  if (lines.empty()) lines.emplace_back();
}

std::string Reply::to_wire(bool with_enhanced) const {
  const std::string digits = std::to_string(code);
  const bool enhanced = with_enhanced && status && status->status_class == code / 100;
  if (code == challenge) return digits + ' ' + printable(lines.front(), challenge_max) + "\r\n";

  const std::string prefix = digits + '-' + (enhanced ? to_string(*status) + ' ' : "");
  std::size_t size = 0, last = 0;
  for (const auto& line : lines) size += prefix.size() + line.size() + 2;
  std::string wire;
  wire.reserve(size);  // once, and exactly but for lines that are cut: a session that waits keeps what was in its hands
  for (const auto& line : lines) last = append_lines(wire, prefix, printable(line, text_max));
  wire[last + digits.size()] = ' ';
  return wire;
}

}  // namespace tubepost::smtp
