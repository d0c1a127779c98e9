#include <algorithm>
#include <map>

#include "base/text.h"
#include "message/charset.h"
#include "message/encoded_word.h"
#include "message/mime_part.h"
#include "message/parameters.h"

namespace tubepost::message {
namespace {

// RFC 2231 3, 4: the pieces of one parameter, "name*0*", "name*1" …, "name*" and "name".
struct Piece {
  std::string_view value;
  bool extended = false;  // percent escapes; the first one names charset and language
};

std::optional<std::pair<std::size_t, Piece>> piece_of(const Parameter& parameter, std::string_view name) {
  if (!starts_with_ignoring_case(parameter.name, name)) return std::nullopt;
  auto rest = parameter.name.substr(name.size());
  if (!rest.starts_with('*')) return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty()) return {{0, Piece{parameter.value, true}}};  // "name*"
  const bool extended = rest.ends_with('*');
  if (extended) rest.remove_suffix(1);
  const auto number = parse_number<std::size_t>(rest);
  if (!number || *number >= parameters_max) return std::nullopt;
  return {{*number, Piece{parameter.value, extended}}};
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? percent_unescape(text.substr(i, 3)) : std::nullopt;
    if (byte && byte->size() == 1 && i + 2 < text.size()) {
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// charset'language'text; whatever lacks the quotes is text alone.
std::string_view take_charset(std::string_view& value) {
  const auto first = value.find('\'');
  const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return {};
  const auto charset = value.substr(0, first);
  value.remove_prefix(second + 1);
  return charset;
}

}  // namespace

std::optional<std::string> decoded_parameter(const std::vector<Parameter>& parameters,
                                             std::string_view name) {
  std::map<std::size_t, Piece> pieces;
  for (const auto& parameter : parameters)
    if (auto piece = piece_of(parameter, name)) pieces.insert(std::move(*piece));
  if (pieces.empty() || pieces.begin()->first != 0) {
    const auto* plain = find_parameter(parameters, name);
    if (plain == nullptr) return std::nullopt;
    return decode_encoded_words(*plain);
  }
  std::string bytes;
  std::string_view charset;
  std::size_t expected = 0;
  for (auto& [number, piece] : pieces) {
    if (number != expected++) break;  // one is missing: what comes behind it has lost its place
    if (number == 0 && piece.extended) charset = take_charset(piece.value);
    bytes += piece.extended ? percent_decode(piece.value) : std::string(piece.value);
  }
  auto text = to_utf8(bytes, charset);
  return text ? std::move(text) : guess_utf8(bytes);
}

// RFC 2183 2.3, and the older parameter of Content-Type.
std::optional<std::string> file_name(const MimePart& part) {
  const auto disposition = parse_parameterized(part.disposition);
  auto name = decoded_parameter(disposition.parameters, "filename");
  if (name && !name->empty()) return name;
  return decoded_parameter(parse_parameterized(part.content_type).parameters, "name");
}

}  // namespace tubepost::message
