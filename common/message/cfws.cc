#include "message/cfws.h"

namespace tubepost::message {
namespace {

// Takes the comment whose '(' stands at the front; linear, without recursion.
std::string take_comment(std::string_view& text) {
  std::string content;
  unsigned depth = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' && ++depth == 1) continue;
    if (depth > comment_nesting_max) i = text.size() - 1;
    if (c == ')' && --depth == 0) break;
    if (c == '\\' && i + 1 < text.size()) ++i;
    if (text[i] != '\r' && text[i] != '\n') content += text[i];
  }
  text.remove_prefix(i < text.size() ? i + 1 : text.size());
  return content;
}

}  // namespace

void skip_cfws(std::string_view& text, std::string* comment) {
  for (;;) {
    const auto next = text.find_first_not_of(" \t\r\n");
    text.remove_prefix(next == std::string_view::npos ? text.size() : next);
    if (!text.starts_with('(')) return;
    auto content = take_comment(text);
    if (comment != nullptr) *comment = std::move(content);
  }
}

}  // namespace tubepost::message
