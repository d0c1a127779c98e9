#include "imap/scanner.h"

#include <array>

#include "base/text.h"

namespace tubepost::imap {
namespace {

enum Class : std::uint8_t { atom = 1, astring = 2, list = 4, tag = 8 };

// RFC 9051 9: atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials.
constexpr auto classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0x21; c < 0x7f; ++c) {
    const char letter = static_cast<char>(c);
    if (std::string_view("(){\"\\").find(letter) != std::string_view::npos) continue;
    const bool wildcard = letter == '%' || letter == '*';
    std::uint8_t bits = list;
    if (!wildcard) bits |= astring;
    if (!wildcard && letter != ']') bits |= atom;
    if (!wildcard && letter != '+') bits |= tag;
    table[c] = bits;
  }
  return table;
}();

template <Class wanted>
bool is(char c) {
  return (classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

}  // namespace

bool is_atom_char(char c) { return is<atom>(c); }
bool is_astring_char(char c) { return is<astring>(c); }

std::optional<LiteralHead> literal_at_end(std::string_view line) {
  if (line.empty() || line.back() != '}') return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  auto digits = line.substr(open + 1, line.size() - open - 2);
  LiteralHead head;
  if (digits.ends_with('+')) {
    head.waits = false;
    digits.remove_suffix(1);
  }
  const auto size = parse_number<std::uint64_t>(digits);
  if (!size) return std::nullopt;
  head.size = *size;
  head.binary = open > 0 && line[open - 1] == '~';
  head.length = line.size() - open + (head.binary ? 1 : 0);
  return head;
}

void Scanner::fail(std::string_view why) {
  if (failed_) return;
  failed_ = true;
  why_ = why;
  rest_ = {};
}

bool Scanner::take(char c) {
  if (failed_ || rest_.empty() || rest_.front() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

void Scanner::expect(char c) {
  if (take(c)) return;
  switch (c) {
    case ' ':
      return fail("a blank is missing, or an argument");
    case '(':
      return fail("( expected");
    case ')':
      return fail(") expected");
    default:
      return fail("another character expected");
  }
}

void Scanner::expect_end() {
  if (!failed_ && !rest_.empty()) fail("too much at the end of the command");
}

bool Scanner::take_word(std::string_view word) {
  if (failed_ || !starts_with_ignoring_case(rest_, word)) return false;
  if (rest_.size() > word.size() && is_atom_char(rest_[word.size()])) return false;
  rest_.remove_prefix(word.size());
  return true;
}

std::string_view Scanner::take_while(bool (*belongs)(char)) {
  std::size_t end = 0;
  while (end < rest_.size() && belongs(rest_[end])) ++end;
  const auto found = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return found;
}

std::string_view Scanner::expect_tag() {
  const auto found = take_while(is<tag>);
  if (found.empty()) fail("a tag expected");
  return found;
}

std::string_view Scanner::take_atom() { return take_while(is<atom>); }

std::string_view Scanner::expect_atom() {
  const auto found = take_atom();
  if (found.empty()) fail("an atom expected");
  return found;
}

std::string_view Scanner::expect_flag() {
  const auto from = rest_;
  take('\\');
  const auto name = take_atom();
  if (name.empty()) fail("a flag expected");
  return failed_ ? std::string_view() : from.substr(0, from.size() - rest_.size());
}

bool Scanner::take_digits(std::uint64_t most, std::uint64_t& value) {
  if (failed_ || rest_.empty() || !is_digit(rest_.front())) return false;
  value = 0;
  while (!rest_.empty() && is_digit(rest_.front())) {
    const auto digit = static_cast<unsigned>(rest_.front() - '0');
    if (value > (most - digit) / 10) {
      fail("a number too large");
      return false;
    }
    value = value * 10 + digit;
    rest_.remove_prefix(1);
  }
  return true;
}

std::uint32_t Scanner::expect_number() {
  std::uint64_t value = 0;
  if (!take_digits(UINT32_MAX, value)) fail("a number expected");
  return failed_ ? 0 : static_cast<std::uint32_t>(value);
}

std::uint32_t Scanner::expect_nz_number() {
  const auto value = expect_number();
  if (!failed_ && value == 0) fail("a number greater than zero expected");
  return value;
}

std::uint64_t Scanner::expect_number64() {
  std::uint64_t value = 0;
  if (!take_digits(INT64_MAX, value)) fail("a number expected");
  return failed_ ? 0 : value;
}

bool Scanner::is_string_next() const {
  return !rest_.empty() && (rest_.front() == '"' || rest_.front() == '{' || rest_.front() == '~');
}

// RFC 9051 9 quoted: UTF-8 may stand in it; of control characters CR, LF and NUL are refused.
std::string Scanner::expect_quoted() {
  expect('"');
  std::string text;
  for (std::size_t i = 0; !failed_ && i < rest_.size(); ++i) {
    char c = rest_[i];
    if (c == '"') {
      rest_.remove_prefix(i + 1);
      if (!is_valid_utf8(text)) fail("a quoted string that is not UTF-8");
      return failed_ ? std::string() : text;
    }
    if (c == '\\') {
      if (++i == rest_.size()) break;
      c = rest_[i];
      if (c != '"' && c != '\\') break;
    }
    if (c == '\r' || c == '\n' || c == '\0') break;
    text += c;
  }
  fail("a quoted string that does not end, or a character in it that may not be there");
  return {};
}

std::string Scanner::expect_literal(bool binary) {
  const auto from = rest_;
  const bool marked = take('~');
  const auto line_end = rest_.find("\r\n");
  const auto head =
      literal_at_end(from.substr(0, line_end == std::string_view::npos ? 0 : line_end + (marked ? 1 : 0)));
  const std::size_t head_size = head ? head->length + 2 : 0;
  if (failed_ || !head || head->length != line_end + (marked ? 1 : 0) || head->binary != marked ||
      (marked && !binary) || from.size() - head_size < head->size) {
    fail("a literal expected");
    return {};
  }
  std::string text(from.substr(head_size, static_cast<std::size_t>(head->size)));
  rest_ = from.substr(head_size + text.size());
  if (!marked && text.find('\0') != std::string::npos) fail("a NUL in a literal");
  return failed_ ? std::string() : text;
}

std::string Scanner::expect_string() {
  if (peek() == '"') return expect_quoted();
  return expect_literal(false);
}

std::string Scanner::expect_binary_string() {
  if (peek() == '"') return expect_quoted();
  return expect_literal(true);
}

std::string Scanner::expect_astring() {
  if (is_string_next() && peek() != '~') return expect_string();
  const auto found = take_while(is<astring>);
  if (found.empty()) fail("a string expected");
  return std::string(found);
}

std::optional<std::string> Scanner::expect_nstring() {
  if (take_word("NIL")) return std::nullopt;
  return expect_string();
}

std::string Scanner::expect_list_mailbox() {
  if (is_string_next() && peek() != '~') return expect_string();
  const auto found = take_while(is<list>);
  if (found.empty()) fail("a mailbox name or pattern expected");
  return std::string(found);
}

}  // namespace tubepost::imap
