#include "imap/search_match.h"

#include <cstring>
#include <mutex>

#include "base/text.h"
#include "message/charset.h"
#include "message/header.h"

namespace tubepost::imap {
namespace {


std::optional<FoldedField> folded_field(std::string_view name) {
  struct Known {
    std::string_view name;
    FoldedField field;
  };
  constexpr Known fields[] = {{"From", FoldedField::from},
                              {"To", FoldedField::to},
                              {"Cc", FoldedField::cc},
                              {"Bcc", FoldedField::bcc},
                              {"Subject", FoldedField::subject}};
  for (const auto& known : fields)
    if (equal_ignoring_case(name, known.name)) return known.field;
  return std::nullopt;
}

// `lines` as folded_header() makes them.
bool lines_have(std::string_view lines, std::string_view field, const Needle& needle) {
  const auto begin = '\n' + to_upper(field) + ':';
  for (auto at = lines.find(begin); at != npos; at = lines.find(begin, at + 1)) {
    const auto value = lines.substr(at + begin.size());
    if (needle.is_in(value.substr(0, value.find('\n')))) return true;
  }
  return false;
}

bool head_has(std::string_view head, std::string_view field, const Needle& needle) {
  return message::find_field(head, field) && lines_have(folded_header(head), field, needle);
}

// Asks `question` of the text that is kept, and where that cannot say no, of one made of the whole message.
template <class Question>
bool ask(const MessageText& message, Question question) {
  if (message.text.valid()) {
    if (question(message.text)) return true;
    if (message.text.complete()) return false;
  }
  if (!message.body) return false;
  // The text of a large message takes several times its size: one at a time, however many sessions search.
  static std::mutex large_texts;
  const std::lock_guard one_at_a_time(large_texts);
  const auto whole = make_search_text(message.body(), search_text_limit);
  return question(SearchTextView(whole));
}

}  // namespace

std::optional<Needle> Needle::make(std::string_view text, std::string_view charset) {
  auto utf8 = message::to_utf8(text, charset.empty() ? "utf-8" : charset);
  if (!utf8) return std::nullopt;
  std::erase(*utf8, '\r');  // as in the texts
  return Needle(message::fold_case(*utf8));
}

bool Needle::is_in(std::string_view folded) const {
  return folded_.empty() || memmem(folded.data(), folded.size(), folded_.data(), folded_.size()) != nullptr;
}

bool header_has(const MessageText& message, std::string_view field, const Needle& needle) {
  const auto known = folded_field(field);
  if (known && message.structure.valid()) {
    if (needle.empty()) return message.structure.has(*known);
    if (needle.is_in(message.structure.folded(*known))) return true;
    if (message.structure.folded_is_complete()) return false;
  }
  return head_has(message.head, field, needle) ||
         ask(message, [&](const SearchTextView& text) { return lines_have(text.header(), field, needle); });
}

bool body_has(const MessageText& message, const Needle& needle) {
  return ask(message, [&](const SearchTextView& text) { return needle.is_in(text.body()); });
}

bool text_has(const MessageText& message, const Needle& needle) {
  return ask(message, [&](const SearchTextView& text) { return needle.is_in(text.all()); }) ||
         needle.is_in(folded_header(message.head));
}

}  // namespace tubepost::imap
