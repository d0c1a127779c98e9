#include "mailauth/tag_list.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::mailauth {
namespace {

Failure bad(const char* why, std::string_view piece) {
  return Failure::permanent(std::string(why) + ": \"" + printable(piece, 60) + '"', {5, 7, 0});
}

bool is_tag_name(std::string_view name) {  // ALPHA *ALNUMPUNC
  return !name.empty() && is_alpha(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
}

bool is_value(std::string_view value) {  // VALCHAR and FWS
  return std::all_of(value.begin(), value.end(), [](char c) {
    return (is_printable_ascii(c) && c != ';') || is_blank(c) || c == '\r' || c == '\n';
  });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  const auto pieces = split(text, ';');
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto piece = trim(pieces[i]);
    if (piece.empty() && i + 1 == pieces.size()) break;  // one ";" may end the list
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos) return bad("no tag=value", piece);
    const auto name = trim(piece.substr(0, equals)), value = trim(piece.substr(equals + 1));
    if (!is_tag_name(name)) return bad("no tag name", name);
    if (!is_value(value)) return bad("a value with bytes that may not stand in it", value);
    if (list.find(name)) return bad("a tag stands twice", name);
    if (list.tags_.size() == tags_max) return bad("too many tags", name);
    list.tags_.push_back({std::string(name), std::string(value)});
  }
  return list;
}

const std::string* TagList::find(std::string_view name) const {
  for (const Tag& tag : tags_)
    if (tag.name == name) return &tag.value;
  return nullptr;
}

std::string TagList::value_or(std::string_view name, std::string_view fallback) const {
  const auto* const value = find(name);
  return value ? *value : std::string(fallback);
}

std::vector<std::string> list_of(std::string_view value, char separator) {
  std::vector<std::string> parts;
  for (const auto piece : split(value, separator))
    if (const auto part = trim(piece); !part.empty()) parts.emplace_back(part);
  return parts;
}

std::string without_blanks(std::string_view value) {
  std::string kept;
  for (const char c : value)
    if (!is_blank(c) && c != '\r' && c != '\n') kept += c;
  return kept;
}

}  // namespace tubepost::mailauth
