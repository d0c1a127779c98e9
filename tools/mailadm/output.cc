#include "mailadm/output.h"

#include <unistd.h>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include "base/text.h"

namespace tubepost::mailadm {
namespace {

using Object = Poco::JSON::Object;

Poco::Dynamic::Var to_json(const Value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    Poco::JSON::Array array;
    for (const auto& text : *list) array.add(text);
    return array;
  }
  if (const auto* map = std::get_if<std::map<std::string, std::string>>(&value)) {
    Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    for (const auto& [key, text] : *map) object.set(key, text);
    return object;
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return Poco::UInt64{*number};
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return std::get<std::string>(value);
}

void print_line(std::ostream& out, const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out << cells[i];
    if (i + 1 == cells.size()) break;
    if (widths.empty())
      out << '\t';
    else
      out << std::string(widths[i] - cells[i].size() + 2, ' ');
  }
  out << '\n';
}

}  // namespace

std::string to_text(const Value& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return join(*list, " ");
  if (const auto* map = std::get_if<std::map<std::string, std::string>>(&value)) {
    std::vector<std::string> pairs;
    for (const auto& [key, text] : *map) pairs.push_back(key + '=' + text);
    return join(pairs, " ");
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  return std::get<std::string>(value);
}

void Listing::print(std::ostream& out, Style style) const {
  if (style == Style::json) {
    for (const auto& row : rows_) {
      Object object(Poco::JSON_PRESERVE_KEY_ORDER);
      for (std::size_t i = 0; i < columns_.size(); ++i) object.set(columns_[i], to_json(row[i]));
      object.stringify(out);
      out << '\n';
    }
    return;
  }
  std::vector<std::vector<std::string>> lines;
  if (style == Style::aligned) {
    lines.emplace_back();
    for (const auto& column : columns_) lines.back().push_back(to_upper(column));
  }
  for (const auto& row : rows_) {
    lines.emplace_back();
    for (const auto& value : row) lines.back().push_back(printable(to_text(value), 4000));
  }
  std::vector<std::size_t> widths(style == Style::aligned ? columns_.size() : 0);
  for (std::size_t i = 0; i < widths.size(); ++i)
    for (const auto& line : lines) widths[i] = std::max(widths[i], line[i].size());
  for (const auto& line : lines) print_line(out, line, widths);
}

void print_fields(std::ostream& out, Style style, const Fields& fields) {
  if (style == Style::json) {
    Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    for (const auto& [name, value] : fields) object.set(name, to_json(value));
    object.stringify(out);
    out << '\n';
    return;
  }
  std::vector<std::size_t> widths(style == Style::aligned ? 1 : 0);
  if (!widths.empty())
    for (const auto& [name, value] : fields) widths[0] = std::max(widths[0], name.size());
  for (const auto& [name, value] : fields) print_line(out, {name, printable(to_text(value), 4000)}, widths);
}

Style style_of_stdout(bool json) {
  if (json) return Style::json;
  return ::isatty(STDOUT_FILENO) == 1 ? Style::aligned : Style::tabs;
}

}  // namespace tubepost::mailadm
