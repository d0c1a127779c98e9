#include "imap/html_entity.h"

#include <charconv>

namespace tubepost::imap {
namespace {

constexpr std::size_t length_max = 10;  // "&#1114111;"
constexpr char32_t latin1_begin = 0xa0;

constexpr std::string_view latin1_names[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",    "copy",
    "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn", "sup2",   "sup3",
    "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",   "raquo",  "frac14", "frac12",
    "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde", "Auml",   "Aring",  "AElig",  "Ccedil",
    "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave", "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde",
    "Ograve", "Oacute", "Ocirc",  "Otilde", "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",
    "Uuml",   "Yacute", "THORN",  "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",
    "aelig",  "ccedil", "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",
    "eth",    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

struct Name {
  std::string_view name;
  char32_t character;
};
constexpr Name other_names[] = {{"amp", '&'},       {"lt", '<'},        {"gt", '>'},       {"quot", '"'},
                                {"apos", '\''},     {"ensp", 0x2002},   {"emsp", 0x2003},  {"thinsp", 0x2009},
                                {"zwnj", 0x200c},   {"zwj", 0x200d},    {"ndash", 0x2013}, {"mdash", 0x2014},
                                {"lsquo", 0x2018},  {"rsquo", 0x2019},  {"sbquo", 0x201a}, {"ldquo", 0x201c},
                                {"rdquo", 0x201d},  {"bdquo", 0x201e},  {"bull", 0x2022},  {"hellip", 0x2026},
                                {"lsaquo", 0x2039}, {"rsaquo", 0x203a}, {"euro", 0x20ac},  {"trade", 0x2122},
                                {"larr", 0x2190},   {"rarr", 0x2192},   {"minus", 0x2212}};

std::optional<char32_t> by_number(std::string_view digits) {
  const bool hex = digits.starts_with('x') || digits.starts_with('X');
  if (hex) digits.remove_prefix(1);
  std::uint32_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (read.ec != std::errc() || read.ptr != end || value == 0 || value > 0x10ffff || surrogate)
    return std::nullopt;
  return static_cast<char32_t>(value);
}

std::optional<char32_t> by_name(std::string_view name) {
  char32_t character = latin1_begin;
  for (const auto known : latin1_names) {
    if (known == name) return character;
    ++character;
  }
  for (const auto& known : other_names)
    if (known.name == name) return known.character;
  return std::nullopt;
}

// Newsletters fill their previews with them.
bool is_blank(char32_t c) {
  return c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad || c == 0x34f || (c >= 0x2000 && c <= 0x200f) ||
         c == 0x2028 || c == 0x2029 || c == 0x2060 || c == 0xfeff;
}

std::string to_utf8(char32_t c) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

}  // namespace

std::optional<HtmlEntity> take_html_entity(std::string_view html) {
  const auto end = html.substr(0, length_max).find(';');
  if (end == std::string_view::npos) return std::nullopt;
  const auto name = html.substr(1, end - 1);
  const auto character = name.starts_with('#') ? by_number(name.substr(1)) : by_name(name);
  if (!character) return std::nullopt;
  return HtmlEntity{end + 1, is_blank(*character) ? " " : to_utf8(*character)};
}

}  // namespace tubepost::imap
