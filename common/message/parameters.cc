#include "message/parameters.h"

#include <algorithm>

#include "base/text.h"
#include "message/cfws.h"

namespace tubepost::message {
namespace {

// RFC 2045 5.1 token: no blanks, controls and tspecials. A value may hold '/', '@' … in error; it ends with ';' or
// a blank.
bool is_token_character(char c) {
  constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
  return is_printable_ascii(c) && c != ' ' && specials.find(c) == std::string_view::npos;
}

std::string_view take_token(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_token_character(text[length])) ++length;
  const auto token = text.substr(0, length);
  text.remove_prefix(length);
  return token;
}

// RFC 5322 3.2.4. One that is not closed takes the rest.
std::string take_quoted(std::string_view& text) {
  std::string value;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    if (text[i] != '\r' && text[i] != '\n' && text[i] != '\0') value += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

// Without quotes: up to the ';', blanks inside included, as file names often stand there; a comment at the end is
// none of it.
std::string take_bare(std::string_view& text) {
  auto bare = text.substr(0, text.find(';'));
  text.remove_prefix(bare.size());
  bare = trim(bare);
  if (bare.ends_with(')')) bare = trim(bare.substr(0, bare.rfind(" (")));
  std::string value;
  for (const char c : bare)
    if (c != '\r' && c != '\n' && c != '\0') value += c;
  return value;
}

void skip_to_semicolon(std::string_view& text) {
  while (!text.empty() && text.front() != ';') {
    if (text.front() == '"')
      take_quoted(text);
    else
      text.remove_prefix(1);
  }
}

void take_parameter(std::string_view& text, std::vector<Parameter>& parameters) {
  const auto name = take_token(text);
  skip_cfws(text);
  if (name.empty() || !text.starts_with('=')) return;
  text.remove_prefix(1);
  skip_cfws(text);
  parameters.push_back({name, text.starts_with('"') ? take_quoted(text) : take_bare(text)});
}

}  // namespace

ParameterizedValue parse_parameterized(std::string_view value) {
  auto rest = value.substr(0, parameters_text_max);
  ParameterizedValue parsed;
  skip_cfws(rest);
  parsed.type = take_token(rest);
  skip_cfws(rest);
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
    skip_cfws(rest);
    parsed.subtype = take_token(rest);
  }
  while (parsed.parameters.size() < parameters_max) {
    skip_cfws(rest);
    skip_to_semicolon(rest);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    skip_cfws(rest);
    take_parameter(rest, parsed.parameters);
  }
  return parsed;
}

const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
  for (const auto& parameter : parameters)
    if (equal_ignoring_case(parameter.name, name)) return &parameter.value;
  return nullptr;
}

}  // namespace tubepost::message
