#include "mailauth/spf_macro.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "dns/mx.h"

namespace tubepost::mailauth {
namespace {

constexpr std::size_t name_max = 253;
constexpr std::string_view letters = "slodiphv", explanation_letters = "crt", delimiters = ".-+,/_=";

// One "%{…}".
struct Macro {
  char letter = 0;  // lower case
  bool escaped = false, reversed = false;
  unsigned parts = 0;  // from the right; 0: all
  std::string_view separators = ".";
};

// `inside` stands between the braces.
std::optional<Macro> parse_macro(std::string_view inside, MacroUse use) {
  Macro macro;
  if (inside.empty()) return std::nullopt;
  macro.letter = to_lower(inside.front()), macro.escaped = is_upper(inside.front());
  const bool known =
      letters.find(macro.letter) != std::string_view::npos ||
      (use == MacroUse::explanation && explanation_letters.find(macro.letter) != std::string_view::npos);
  if (!known) return std::nullopt;
  inside.remove_prefix(1);
  const auto digits = inside.substr(0, inside.find_first_not_of("0123456789"));
  if (!digits.empty()) {
    const auto parts = parse_number<unsigned>(digits);
    if (!parts || *parts == 0) return std::nullopt;  // 7.3: never zero
    macro.parts = *parts;
    inside.remove_prefix(digits.size());
  }
  if (!inside.empty() && to_lower(inside.front()) == 'r') {
    macro.reversed = true;
    inside.remove_prefix(1);
  }
  if (inside.find_first_not_of(delimiters) != std::string_view::npos) return std::nullopt;
  if (!inside.empty()) macro.separators = inside;
  return macro;
}

// What stands at the front of `text`: a literal octet, "%%" and its like, or a macro. Its length; 0: nothing that may.
struct Item {
  std::size_t length = 0;
  std::string_view literal{};
  std::optional<Macro> macro{};
};
Item first_item(std::string_view text, MacroUse use) {
  if (text.front() != '%') {
    const bool allowed =
        is_printable_ascii(text.front()) && (text.front() != ' ' || use == MacroUse::explanation);
    return allowed ? Item{1, text.substr(0, 1)} : Item{};
  }
  if (text.size() < 2) return {};
  if (text[1] == '%') return {2, "%"};
  if (text[1] == '_') return {2, " "};
  if (text[1] == '-') return {2, "%20"};
  const auto end = text.find('}');
  if (text[1] != '{' || end == std::string_view::npos) return {};
  auto macro = parse_macro(text.substr(2, end - 2), use);
  return macro ? Item{end + 1, {}, macro} : Item{};
}

bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const bool characters =
      std::all_of(label.begin(), label.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
  return characters && !std::all_of(label.begin(), label.end(), is_digit);
}

std::string value_of(const Macro& macro, const MacroValues& values) {
  switch (macro.letter) {
    case 's':
      return values.local_part + '@' + values.sender_domain;
    case 'l':
      return values.local_part;
    case 'o':
      return values.sender_domain;
    case 'd':
      return values.domain;
    case 'h':
      return values.helo;
    case 'v':
      return values.client.is_v6() ? "ip6" : "in-addr";
    case 'c':
      return values.client.to_text();
    case 'r':
      return values.receiver;
    case 't':
      return values.time;
    case 'p':
      return values.validated_name ? values.validated_name() : "unknown";
    case 'i': {
      if (!values.client.is_v6()) return values.client.to_text();
      auto labels = dns::reversed_labels(values.client);  // a digit a label
      std::reverse(labels.begin(), labels.end());
      return labels;
    }
  }
  return {};
}

std::vector<std::string> parts_of(const std::string& value, std::string_view separators) {
  std::vector<std::string> parts(1);
  for (const char c : value) {
    if (separators.find(c) == std::string_view::npos)
      parts.back() += c;
    else
      parts.emplace_back();
  }
  return parts;
}

std::string escape(const std::string& text) {  // RFC 3986 2.3: all but the unreserved
  std::string escaped;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos)
      escaped += c;
    else
      escaped += '%' + to_upper(to_hex({&c, 1}));
  }
  return escaped;
}

std::string expand(const Macro& macro, const MacroValues& values) {
  auto parts = parts_of(value_of(macro, values), macro.separators);
  if (macro.reversed) std::reverse(parts.begin(), parts.end());
  if (macro.parts && macro.parts < parts.size())
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(macro.parts));
  const auto text = join(parts, ".");
  return macro.escaped ? escape(text) : text;
}

}  // namespace

bool is_macro_string(std::string_view text, MacroUse use) {
  while (!text.empty()) {
    const auto item = first_item(text, use);
    if (item.length == 0) return false;
    text.remove_prefix(item.length);
  }
  return true;
}

bool is_domain_spec(std::string_view text) {
  bool ends_in_macro = false;
  for (auto rest = text; !rest.empty();) {
    const auto item = first_item(rest, MacroUse::name);
    if (item.length == 0) return false;
    ends_in_macro = rest.front() == '%';
    rest.remove_prefix(item.length);
  }
  if (ends_in_macro) return true;
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto dot = text.rfind('.');
  return dot != std::string_view::npos && is_top_label(text.substr(dot + 1));
}

std::string expand_macros(std::string_view text, const MacroValues& values) {
  std::string expanded;
  while (!text.empty() && expanded.size() < expanded_max) {
    const auto item = first_item(text, MacroUse::explanation);
    if (item.length == 0) break;
    expanded += item.macro ? expand(*item.macro, values) : std::string(item.literal);
    text.remove_prefix(item.length);
  }
  expanded.resize(std::min(expanded.size(), expanded_max));
  return expanded;
}

std::string expand_domain(std::string_view text, const MacroValues& values) {
  auto name = expand_macros(text, values);
  if (name.ends_with('.')) name.pop_back();
  while (name.size() > name_max) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) return {};
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace tubepost::mailauth
