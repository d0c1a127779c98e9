#include "smtp/reply_parser.h"

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr std::size_t shown = 80;  // of what was no reply, to the operator

std::optional<int> take_code(std::string_view& line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
    return std::nullopt;
  const auto code = parse_number<int>(line.substr(0, 3));
  line.remove_prefix(3);
  return code;
}

// RFC 2034 4: its class is that of the code, or it is text.
std::optional<EnhancedStatus> take_status(std::string_view& text, int code) {
  const auto end = text.find(' ');
  const auto status = parse_enhanced_status(text.substr(0, end));
  if (!status || status->status_class != code / 100) return std::nullopt;
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return status;
}

}  // namespace

Failure ReplyParser::broken(std::string_view line, const char* why) const {
  return Failure::temporary(std::string(why) + ": " + printable(line, shown), {4, 5, 0});
}

Result<bool> ReplyParser::take(std::string_view line) {
  std::string_view text = line;
  const auto code = take_code(text);
  if (!code || (!text.empty() && text[0] != ' ' && text[0] != '-')) return broken(line, "not an SMTP reply");
  if (code_ != 0 && *code != code_) return broken(line, "a reply with two codes");
  code_ = *code;
  const bool more = text.starts_with('-');
  if (!text.empty()) text.remove_prefix(1);
  const auto status = take_status(text, code_);
  if (!status_) status_ = status;
  octets_ += text.size();
  if (lines_.size() == received_lines_max || octets_ > received_octets_max)
    return broken(line, "a reply without end");
  lines_.emplace_back(text);
  return !more;
}

Reply ReplyParser::reply() && { return Reply(code_, status_, std::move(lines_)); }

}  // namespace tubepost::smtp
