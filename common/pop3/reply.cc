#include "pop3/reply.h"

#include "base/text.h"

namespace tubepost::pop3 {
namespace {

std::string_view code_text(Code code) {
  switch (code) {
    case Code::none:
      return "";
    case Code::auth:
      return "[AUTH] ";
    case Code::temporary:
      return "[SYS/TEMP] ";
    case Code::permanent:
      return "[SYS/PERM] ";
    case Code::login_delay:
      return "[LOGIN-DELAY] ";
  }
  return "";
}

}  // namespace

std::string Reply::to_wire() const {
  std::string line = ok ? "+OK " : "-ERR ";
  line += code_text(code);
  line += printable(text, reply_line_max - 2 - line.size());
  while (line.back() == ' ') line.pop_back();
  return line += "\r\n";
}

Reply ok(std::string text) { return {true, Code::none, std::move(text)}; }
Reply error(Code code, std::string text) { return {false, code, std::move(text)}; }

void MultilineWriter::line(std::string_view text) {
  write(text);
  write("\r\n");
}

std::string_view top_of(std::string_view message, std::uint32_t lines) {
  const auto header_end = message.find("\r\n\r\n");
  if (!message.starts_with("\r\n") && header_end == std::string_view::npos) return message;
  std::size_t end = message.starts_with("\r\n") ? 2 : header_end + 4;
  for (; lines > 0 && end < message.size(); --lines) {
    const auto next = message.find("\r\n", end);
    end = next == std::string_view::npos ? message.size() : next + 2;
  }
  return message.substr(0, end);
}

}  // namespace tubepost::pop3
