#include "config/settings.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace tubepost::config {

std::string_view section_of(const Setting& setting) { return setting.name.substr(0, setting.name.find('.')); }
std::string_view key_of(const Setting& setting) { return setting.name.substr(setting.name.find('.') + 1); }

std::string environment_name(std::string_view setting) {
  std::string name = "TUBEPOST_" + to_upper(setting);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return name;
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::file:
      return "file";
    case Source::environment:
      return "environment";
    case Source::argument:
      return "command line";
    default:
      return "default";
  }
}

const Settings::Value& Settings::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) std::abort();  // no such setting: a bug of the caller
  return found->second;
}

const std::string& Settings::only(std::string_view name, std::initializer_list<Kind> kinds) const {
  const Value& found = value(name);
  if (std::find(kinds.begin(), kinds.end(), found.row->kind) == kinds.end() || found.texts.empty())
    std::abort();
  return found.texts.front();
}

std::string Settings::absolute(std::string_view path) const {
  return path.empty() || path.starts_with('/') ? std::string(path) : this->path(path);
}

std::string Settings::text(std::string_view name) const {
  const Value& found = value(name);
  if (found.texts.empty()) return {};
  const std::string& text = found.texts.front();
  if (found.row->kind == Kind::path) return absolute(text);
  // "fixed:FILE"
  const auto colon = text.find(':');
  if (found.row->kind != Kind::choice || colon == std::string::npos) return text;
  return text.substr(0, colon + 1) + absolute(std::string_view(text).substr(colon + 1));
}

std::uint64_t Settings::number(std::string_view name) const {
  return *parse_size(only(name, {Kind::number, Kind::size}));
}

double Settings::part(std::string_view name) const {
  const std::string& text = only(name, {Kind::percentage});
  return *parse_number<unsigned>(std::string_view(text).substr(0, text.size() - 1)) / 100.0;
}

std::chrono::seconds Settings::duration(std::string_view name) const {
  return *parse_duration(only(name, {Kind::duration}));
}

std::vector<std::chrono::seconds> Settings::durations(std::string_view name) const {
  std::vector<std::chrono::seconds> times;
  for (const auto word : split_words(only(name, {Kind::durations}))) times.push_back(*parse_duration(word));
  return times;
}

bool Settings::flag(std::string_view name) const {
  const std::string& text = only(name, {Kind::boolean, Kind::choice});
  return text == "yes" || text == "on";
}

std::vector<std::string> Settings::list(std::string_view name) const {
  const Value& found = value(name);
  std::vector<std::string> elements;
  const auto add = [&](std::string_view piece) {
    if (piece = trim(piece); !piece.empty()) elements.emplace_back(piece);
  };
  for (const std::string& text : found.texts) {
    switch (found.row->kind) {
      case Kind::addresses:
      case Kind::ranges:
        for (const auto piece : split(text, ',')) add(piece);
        break;
      case Kind::words:
      case Kind::durations:
        for (const auto piece : split_words(text)) add(piece);
        break;
      default:
        add(text);
    }
  }
  for (std::string& element : elements) {
    if (found.row->kind == Kind::path) element = absolute(element);
    if ((found.row->kind == Kind::addresses || found.row->kind == Kind::command) && element.starts_with("unix:"))
      element = "unix:" + absolute(std::string_view(element).substr(5));
  }
  return elements;
}

Source Settings::source(std::string_view name) const { return value(name).source; }
std::string Settings::where(std::string_view name) const { return value(name).where; }
const std::vector<std::string>& Settings::as_written(std::string_view name) const {
  return value(name).texts;
}

std::vector<std::string_view> Settings::differences(const Settings& other) const {
  std::vector<std::string_view> names;
  for (const auto& [name, mine] : values_)
    if (mine.texts != other.value(name).texts) names.push_back(mine.row->name);
  return names;
}

}  // namespace tubepost::config
