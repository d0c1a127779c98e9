#include "sendmail/reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::sendmail {
namespace {

constexpr std::size_t read_size = 65536;

Failure bad_data(std::string text) { return Failure::permanent(std::move(text), {5, 6, 0}); }

// RFC 5322 3.6.8: a name of printable characters without colon; blanks before the colon are obsolete (4.5).
bool is_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto name = trim(line.substr(0, colon));
  return !name.empty() && !is_blank(line[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_printable_ascii(c) && c != ' '; });
}

}  // namespace

Result<std::string> Reader::header() {
  std::string header, line;
  for (bool first = true;; first = false) {
    const auto more = next_line(line);
    if (!more) return more.error();
    if (!*more || line.empty()) return header;
    if (first && line.starts_with("From ")) continue;
    if (!is_field(line) && (header.empty() || !is_blank(line[0]))) {
      pending_ = std::move(line);
      first_line_of_body_ = true;
      return header;
    }
    header += line + "\r\n";
    if (header.size() > header_max) return bad_data("the header is longer than 1M");
  }
}

Result<void> Reader::body(const Sink& sink) {
  std::string line = std::move(pending_);
  if (first_line_of_body_) sink(line), sink("\r\n");
  for (;;) {
    const auto more = next_line(line);
    if (!more) return more.error();
    if (!*more) return {};
    line += "\r\n";
    sink(line);
  }
}

Result<bool> Reader::next_line(std::string& line) {
  line.clear();
  for (;;) {
    const auto end = buffer_.find('\n', at_);
    line.append(buffer_, at_, end == std::string::npos ? end : end - at_);
    at_ = end == std::string::npos ? buffer_.size() : end + 1;
    // Bounded here, too: a line may be as long as a message.
    if (size_ + line.size() > rules_.size_max)
      return bad_data("the message is longer than smtpd.message-size-max");
    if (end != std::string::npos) break;
    const auto filled = fill();
    if (!filled) return filled.error();
    if (!*filled && line.empty()) return false;
    if (!*filled) break;
  }
  if (line.ends_with('\r')) line.pop_back();
  if (rules_.lone_dot_ends && line == ".") return at_end_ = true, buffer_.clear(), at_ = 0, false;
  size_ += line.size() + 2;
  if (auto fine = check(line); !fine) return std::move(fine).error();
  return true;
}

Result<bool> Reader::fill() {
  buffer_.clear(), at_ = 0;
  if (at_end_) return false;
  buffer_.resize(read_size);
  ssize_t count = 0;
  do count = ::read(fd_, buffer_.data(), buffer_.size());
  while (count < 0 && errno == EINTR);
  if (count < 0) return Failure::temporary("cannot read the message: " + error_text(errno));
  buffer_.resize(static_cast<std::size_t>(count));
  at_end_ = count == 0;
  return count > 0;
}

// S7: NUL and bare CR are corruption in every role.
Result<void> Reader::check(std::string_view line) {
  eight_bit_ |=
      std::any_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (!rules_.validate) return {};
  if (line.find('\0') != std::string_view::npos)
    return Failure::permanent("the message contains NUL", {5, 7, 0});
  if (line.find('\r') != std::string_view::npos)
    return Failure::permanent("the message contains a CR by itself", {5, 7, 0});
  return {};
}

}  // namespace tubepost::sendmail
