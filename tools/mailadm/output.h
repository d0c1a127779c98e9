// How lists and single things are printed (contracts.md): with --json one object a line; else columns,
// divided by tabs and without a heading when stdout is no terminal, aligned under a heading when it is.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

namespace tubepost::mailadm {

using Value = std::variant<std::string, std::uint64_t, bool, std::vector<std::string>,
                           std::map<std::string, std::string>>;
enum class Style { tabs, aligned, json };

std::string to_text(const Value& value);  // lists and properties: their parts between blanks

class Listing {
public:
  explicit Listing(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Value> row) { rows_.push_back(std::move(row)); }  // one value a column
  void print(std::ostream& out, Style style) const;

private:
  std::vector<std::string> columns_;
  std::vector<std::vector<Value>> rows_;
};

// One thing: a name and its value on each line.
using Fields = std::vector<std::pair<std::string, Value>>;
void print_fields(std::ostream& out, Style style, const Fields& fields);

Style style_of_stdout(bool json);

}  // namespace tubepost::mailadm
