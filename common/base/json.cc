#include "base/json.h"

#include <array>

namespace tubepost {
namespace {

constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < plain.size(); ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> plain_bytes = make_plain();
bool is_plain(char c) { return plain_bytes[static_cast<unsigned char>(c)]; }

void append_string(std::string& out, std::string_view utf8) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  while (!utf8.empty()) {
    std::size_t plain = 0;
    while (plain < utf8.size() && is_plain(utf8[plain])) ++plain;
    out.append(utf8, 0, plain);
    if (plain == utf8.size()) break;
    const char c = utf8[plain];
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20)
      out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    else
      out.append(1, '\\').append(1, c);
    utf8.remove_prefix(plain + 1);
  }
  out += '"';
}

}  // namespace

std::string json_string(std::string_view utf8) {
  std::string out;
  append_string(out, utf8);
  return out;
}

void JsonObject::begin(std::string_view name) {
  constexpr std::size_t usual = 240;
  if (members_.empty()) members_.reserve(usual);
  members_ += members_.empty() ? "{\"" : ", \"";
  members_.append(name).append("\": ");
}

void JsonObject::text(std::string_view name, std::string_view utf8) {
  begin(name);
  append_string(members_, utf8);
}

void JsonObject::raw(std::string_view name, std::string_view json) {
  begin(name);
  members_ += json;
}

}  // namespace tubepost
