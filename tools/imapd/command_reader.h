// Reads whole commands: a line and, where lines announce them, its literals (RFC 9051 4.3, RFC 7888). The
// text is that of the wire, literals in their places, as imap::Scanner reads it. APPEND and REPLACE end at the
// announcement of their message, which their handlers read piece by piece.
//
// Bounds: a line, a literal, the whole command. A literal that is too large is refused before the client
// sends it. One that it sends unasked ({n+}) comes whatever the command was answered: until it has been read or
// dropped no command begins, or what a message says would be obeyed.
#pragma once

#include <optional>
#include <string>

#include "imap/scanner.h"
#include "net/line_stream.h"

namespace tubepost::imapd {

inline constexpr std::size_t line_max = 64 << 10;
inline constexpr std::size_t literal_max = 64 << 10;
inline constexpr std::size_t literal_before_login_max = 4 << 10;
inline constexpr std::size_t command_max = 256 << 10;

class CommandReader {
public:
  explicit CommandReader(net::LineStream& lines) : lines_(lines) {}

  enum class Outcome {
    command,   // text() is one
    too_long,  // a line or the whole; what has come of it is gone
    refused,   // a literal was; text() is what stood before it
    end        // the client has closed
  };
  Outcome read(std::size_t literal_most);
  const std::string& text() const { return text_; }
  void release() { text_ = std::string(); }

  // A handler reads the literal at the end of the last line itself, now: its client is told to send it.
  void begin_literal();
  // All of that literal.
  std::string literal(std::size_t size);
  // The rest of the line behind a literal that a handler has read. nullopt: as too_long.
  std::optional<std::string> rest_of_line();
  // A handler has read that line by itself, no part of a command: what it announces comes all the same.
  void look_at_end(std::string_view line) { unread_ = imap::literal_at_end(line); }
  // Behind every command: literals that nobody has read and that come unasked, and the lines behind them.
  // false: too much, hang up.
  bool drop_unread();

private:
  enum class Added { yes, too_long, end };
  Added add_line();
  void read_into(std::string& text, std::size_t size);
  bool is_message_next() const;
  bool drop(std::uint64_t size);

  net::LineStream& lines_;
  std::string text_;
  std::optional<imap::LiteralHead> unread_;  // at the end of the last line
};

}  // namespace tubepost::imapd
