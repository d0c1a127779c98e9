#include "imapd/command_reader.h"

#include "base/text.h"
#include "imap/sequence_set.h"

namespace tubepost::imapd {
namespace {

constexpr std::uint64_t dropped_most = 256 << 20;
constexpr std::string_view go_on = "+ Go on\r\n";

}  // namespace

CommandReader::Added CommandReader::add_line() {
  const auto line = lines_.read_line(line_max);
  unread_ = imap::literal_at_end(line.text);
  if (line.kind == net::LineStream::Line::Kind::end) return Added::end;
  if (line.kind == net::LineStream::Line::Kind::too_long || text_.size() + line.text.size() > command_max)
    return Added::too_long;
  text_ += line.text;
  return Added::yes;
}

CommandReader::Outcome CommandReader::read(std::size_t literal_most) {
  text_.clear();
  for (;;) {
    switch (add_line()) {
      case Added::end:
        return Outcome::end;
      case Added::too_long:
        return Outcome::too_long;
      case Added::yes:
        break;
    }
    if (!unread_ || is_message_next()) return Outcome::command;
    const auto size = unread_->size;
    if (size > literal_most || text_.size() + size > command_max) return Outcome::refused;
    begin_literal();
    text_ += "\r\n";
    read_into(text_, static_cast<std::size_t>(size));
  }
}

void CommandReader::begin_literal() {
  if (unread_ && unread_->waits) lines_ << go_on;
  unread_.reset();
}

void CommandReader::read_into(std::string& text, std::size_t size) {
  while (size > 0) {
    const auto piece = lines_.fill().substr(0, size);
    if (piece.empty()) throw net::Disconnected();
    text += piece;
    lines_.consume(piece.size());
    size -= piece.size();
  }
}

std::string CommandReader::literal(std::size_t size) {
  begin_literal();
  std::string text;
  read_into(text, size);
  return text;
}

// "tag APPEND mailbox …{n}", "tag [UID] REPLACE n mailbox …{n}": the name has been read, so this literal is
// not the name.
bool CommandReader::is_message_next() const {
  imap::Scanner scanner(text_);
  scanner.expect_tag();
  scanner.expect_space();
  if (scanner.take_word("UID")) scanner.expect_space();
  const bool replaces = scanner.take_word("REPLACE");
  if (!replaces && !scanner.take_word("APPEND")) return false;
  scanner.expect_space();
  if (replaces) {
    imap::expect_sequence_set(scanner);
    scanner.expect_space();
  }
  if (scanner.peek() == '{' && scanner.rest().find("\r\n") == std::string_view::npos) return false;
  scanner.expect_astring();
  return !scanner.failed();
}

std::optional<std::string> CommandReader::rest_of_line() {
  text_.clear();
  const auto added = add_line();
  if (added == Added::end) throw net::Disconnected();
  return added == Added::yes ? std::optional(text_) : std::nullopt;
}

bool CommandReader::drop_unread() {
  while (unread_ && !unread_->waits) {
    if (!drop(unread_->size)) return false;
    rest_of_line();
  }
  return true;
}

bool CommandReader::drop(std::uint64_t size) {
  if (size > dropped_most) return false;
  while (size > 0) {
    const auto piece = lines_.fill();
    if (piece.empty()) throw net::Disconnected();
    const auto count = std::min<std::uint64_t>(size, piece.size());
    lines_.consume(static_cast<std::size_t>(count));
    size -= count;
  }
  return true;
}

}  // namespace tubepost::imapd
