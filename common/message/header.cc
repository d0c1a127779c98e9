#include "message/header.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::message {
namespace {


// RFC 5322 3.6.8 ftext: printable ASCII but ':'.
bool is_field_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

// RFC 5322 4.5.8: blanks before the colon are obsolete, and read.
std::string_view without_trailing_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

bool Field::is(std::string_view other) const { return equal_ignoring_case(name, other); }

// With its line end; strictly only CRLF is one. Without any: the rest.
std::size_t HeaderReader::line_length(std::size_t at) const {
  for (auto lf = text_.find('\n', at); lf != npos; lf = text_.find('\n', lf + 1))
    if (mode_ == HeaderMode::tolerant || (lf > at && text_[lf - 1] == '\r')) return lf + 1 - at;
  return text_.size() - at;
}

// A line and the continuation lines behind it (RFC 5322 2.2.3).
std::string_view HeaderReader::field_at(std::size_t at) const {
  std::size_t end = at + line_length(at);
  while (end < text_.size() && is_blank(text_[end])) end += line_length(end);
  return text_.substr(at, end - at);
}

bool HeaderReader::takes_empty_line() {
  const auto rest = text_.substr(at_);
  const std::size_t length = rest.starts_with("\r\n")                                  ? 2
                             : mode_ == HeaderMode::tolerant && rest.starts_with('\n') ? 1
                                                                                       : 0;
  at_ += length;
  return length > 0;
}

std::optional<Field> HeaderReader::next() {
  while (!ended_ && at_ < text_.size()) {
    ended_ = takes_empty_line();
    if (ended_) break;
    const auto whole = field_at(at_);
    const auto colon = whole.find(':');
    const auto name = without_trailing_blanks(whole.substr(0, colon == npos ? 0 : colon));
    if (is_field_name(name)) {
      at_ += whole.size();
      return Field{name, trim(whole.substr(colon + 1)), whole};
    }
    if (mode_ == HeaderMode::strict) {
      broken_line_ = whole.substr(0, line_length(at_));
      ended_ = true;
    } else {
      at_ += whole.size();
    }
  }
  return std::nullopt;
}

std::size_t body_offset(std::string_view message) {
  HeaderReader reader(message);
  while (reader.next()) continue;
  return reader.body_offset();
}

std::optional<Field> find_field(std::string_view message, std::string_view name) {
  HeaderReader reader(message);
  while (const auto field = reader.next())
    if (field->is(name)) return field;
  return std::nullopt;
}

std::size_t count_fields(std::string_view message, std::string_view name) {
  std::size_t count = 0;
  HeaderReader reader(message);
  while (const auto field = reader.next()) count += field->is(name) ? 1 : 0;
  return count;
}

std::string unfold(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto rest = value.substr(i);
    const std::size_t end = rest.starts_with("\r\n") ? 2 : rest.starts_with('\n') ? 1 : 0;
    if (end > 0 && rest.size() > end && is_blank(rest[end]))
      i += end - 1;
    else
      out += value[i];
  }
  return out;
}

}  // namespace tubepost::message
