// A POP3 command line (RFC 1939 3): a keyword without regard to case, and arguments. Pure; views into the
// line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::pop3 {

// RFC 2449 4 lets clients send 255 octets with CRLF; some send more (an initial response of AUTH), which does
// no harm.
inline constexpr std::size_t command_line_max = 512;

struct CommandLine {
  std::string keyword;  // upper case
  std::string_view
      arguments;  // all that follows the first blank, as it came: a password may have blanks anywhere

  std::vector<std::string_view> words() const;  // the arguments, blanks between
};

// nullopt: the line does not begin with a keyword of 3 or 4 letters or digits (UTF8), or has a control character or broken
// UTF-8 in it.
std::optional<CommandLine> parse_command(std::string_view line);

// RFC 1939 3: a positive decimal number. nullopt: none, or too large to be one of ours.
std::optional<std::uint32_t> parse_message_number(std::string_view text);
// As above; 0 is a number too: the lines of TOP.
std::optional<std::uint32_t> parse_line_count(std::string_view text);

}  // namespace tubepost::pop3
