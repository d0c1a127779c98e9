#include "avscan-wrap/part_units.h"

#include <algorithm>

#include "avscan-wrap/limits.h"
#include "base/text.h"
#include "message/parameters.h"
#include "message/transfer_encoding.h"

namespace tubepost::avscan {
namespace {

using message::MimePart;
using message::Opened;

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char low = to_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// RFC 2231 4: "utf-8'de'b%C3%A4r.exe". The charset does not matter: what is not ASCII is replaced anyhow.
std::string unescape(std::string_view text) {
  const auto second = text.find('\'', text.find('\'') == text.npos ? text.size() : text.find('\'') + 1);
  if (second != text.npos) text.remove_prefix(second + 1);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1, low = escape ? hex_value(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      plain += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// RFC 2231 3: name*0, name*1*, … in order; what is missing ends it.
std::string continued(const std::vector<message::Parameter>& parameters, const std::string& name) {
  std::string whole;
  for (int i = 0;; ++i) {
    const std::string section = name + '*' + std::to_string(i);
    if (const auto* plain = message::find_parameter(parameters, section))
      whole += *plain;
    else if (const auto* escaped = message::find_parameter(parameters, section + '*'))
      whole += unescape(*escaped);
    else
      return whole;
  }
}

std::string named_in(std::string_view value, const std::string& parameter) {
  if (value.empty()) return {};
  const auto parsed = message::parse_parameterized(value);
  if (const auto* plain = message::find_parameter(parsed.parameters, parameter)) return *plain;
  if (const auto* extended = message::find_parameter(parsed.parameters, parameter + '*'))
    return unescape(*extended);
  return continued(parsed.parameters, parameter);
}

bool is_safe(char c) {
  return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '+' || c == '=';
}

Walk walk(std::string_view text, const std::vector<MimePart>& parts, std::optional<std::uint32_t> outer,
          unsigned depth, const std::function<bool(const PartUnit&)>& take);

// A part that holds a whole message in an encoding: its bytes, and what is in them.
Walk walk_encoded(const PartUnit& unit, unsigned depth, const std::function<bool(const PartUnit&)>& take) {
  if (depth >= encoded_messages_max) return Walk::beyond_limits;
  return walk(unit.bytes, message::read_mime(unit.bytes), unit.index, depth + 1, take);
}

Walk walk(std::string_view text, const std::vector<MimePart>& parts, std::optional<std::uint32_t> outer,
          unsigned depth, const std::function<bool(const PartUnit&)>& take) {
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    const MimePart& part = parts[i];
    if (part.opened == Opened::too_deep || part.opened == Opened::too_many) return Walk::beyond_limits;
    if (part.opened == Opened::multipart || part.opened == Opened::message) continue;
    const PartUnit unit{outer.value_or(i), message::decode_transfer(part.body(text), part.encoding),
                        safe_file_name(part)};
    if (!unit.bytes.empty() && !take(unit)) return Walk::stopped;
    if (part.opened != Opened::encoded) continue;
    if (const Walk inside = walk_encoded(unit, depth, take); inside != Walk::whole) return inside;
  }
  return Walk::whole;
}

}  // namespace

Walk walk_units(std::string_view text, const std::vector<MimePart>& parts,
                const std::function<bool(const PartUnit&)>& take) {
  return walk(text, parts, std::nullopt, 0, take);
}

std::string safe_file_name(const MimePart& part) {
  std::string name = named_in(part.disposition, "filename");
  if (name.empty()) name = named_in(part.content_type, "name");
  return safe_file_name(name);
}

std::string safe_file_name(std::string_view name) {
  while (!name.empty() &&
         (name.back() == '/' || name.back() == '\\' || name.back() == ' ' || name.back() == '.'))
    name.remove_suffix(1);
  if (const auto slash = name.find_last_of("/\\"); slash != name.npos) name.remove_prefix(slash + 1);
  std::string safe(name);
  for (char& c : safe)
    if (!is_safe(c)) c = '_';
  // A leading dot hides, a leading dash is an option.
  if (!safe.empty() && (safe[0] == '.' || safe[0] == '-')) safe[0] = '_';
  if (safe.size() > file_name_max) {
    const auto dot = safe.rfind('.');
    const std::string extension = dot != safe.npos && safe.size() - dot <= 16 ? safe.substr(dot) : "";
    safe = safe.substr(0, file_name_max - extension.size()) + extension;
  }
  return safe.empty() ? "part" : safe;
}

}  // namespace tubepost::avscan
