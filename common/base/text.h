// Small operations on text. ASCII only where letters matter: protocols compare ASCII without regard to locale.
// Pure functions; views returned point into the argument.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost {

inline constexpr std::size_t npos = std::string_view::npos;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_printable_ascii(char c) { return c >= 0x20 && c < 0x7f; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_ascii(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);  // blanks, CR, LF at both ends

// Every piece, empty ones included: split("a,,b", ',') is {"a", "", "b"}; split("", ',') is {""}.
std::vector<std::string_view> split(std::string_view text, char separator);
// The pieces between runs of blanks; never an empty one.
std::vector<std::string_view> split_words(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Decimal digits only (a sign where T is signed), the whole text, within T's range.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// contracts.md: K, M, G are powers of 1024; a plain number is bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
// contracts.md: "90s", "5m", "4h", "36d"; a plain number is seconds.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::seconds duration);  // the largest unit that fits exactly: "5d", "90s"

// Shell-like globs for filters: * and ?, case-insensitive; linear time in practice (one backtrack point).
bool glob_matches(std::string_view pattern, std::string_view text);

// The escape of records between programs: '%', CR, LF, NUL (and whatever is in `also`) become %XX.
std::string percent_escape(std::string_view text, std::string_view also = {});
std::optional<std::string> percent_unescape(std::string_view text);  // nullopt for a broken escape

// In quotes, a backslash before each quote and backslash: quoted strings of RFC 5321 4.1.2, RFC 5322 3.2.4, RFC 9051 4.3, and logfmt.
void append_quoted(std::string& out, std::string_view text);
std::string quoted(std::string_view text);

// A message from a file or a pipe: each LF has its CR, and the last line an end.
std::string with_crlf(std::string_view message);

// For logs, replies and terminals: anything but printable ASCII and valid UTF-8 becomes \xNN; at most `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 400);
bool is_valid_utf8(std::string_view text);  // RFC 3629: no overlong forms, no surrogates

std::string to_hex(std::string_view bytes);

// COMMAND settings (contracts.md): split at blanks, "..." and \ quote; no shell, no expansion. nullopt: open quote.
std::optional<std::vector<std::string>> split_command(std::string_view text);

}  // namespace tubepost
