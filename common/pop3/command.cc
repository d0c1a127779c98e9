#include "pop3/command.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::pop3 {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::vector<std::string_view> CommandLine::words() const { return split_words(arguments); }

std::optional<CommandLine> parse_command(std::string_view line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto keyword = line.substr(0, end);
  if (keyword.size() < 3 || keyword.size() > 4 ||
      !std::all_of(keyword.begin(), keyword.end(), [](char c) { return is_alpha(c) || is_digit(c); }))
    return std::nullopt;
  const auto arguments = end < line.size() ? line.substr(end + 1) : std::string_view();
  if (std::any_of(arguments.begin(), arguments.end(), is_control) || !is_valid_utf8(arguments))
    return std::nullopt;
  return CommandLine{to_upper(keyword), arguments};
}

std::optional<std::uint32_t> parse_line_count(std::string_view text) {
  return parse_number<std::uint32_t>(text);
}

std::optional<std::uint32_t> parse_message_number(std::string_view text) {
  const auto number = parse_line_count(text);
  return number && *number > 0 ? number : std::nullopt;
}

}  // namespace tubepost::pop3
