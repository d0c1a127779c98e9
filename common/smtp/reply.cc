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

void cut_into(std::vector<std::string>& pieces, std::string_view text, std::size_t room) {
  do {
    const auto length = piece_length(text, room);
    pieces.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
    if (text.starts_with(' ')) text.remove_prefix(1);
  } while (!text.empty());
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
  const std::string prefix = enhanced ? to_string(*status) + ' ' : std::string();
  if (code == challenge) return digits + ' ' + printable(lines.front(), challenge_max) + "\r\n";

  const std::size_t room = reply_line_max - digits.size() - 1 - prefix.size() - 2;
  std::vector<std::string> pieces;
  for (const auto& line : lines) cut_into(pieces, printable(line, text_max), room);
  std::string wire;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    wire.append(digits)
        .append(i + 1 < pieces.size() ? "-" : " ")
        .append(prefix)
        .append(pieces[i])
        .append("\r\n");
  return wire;
}

}  // namespace tubepost::smtp
