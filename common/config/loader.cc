// The only user of Boost.Program_options (8 seconds to compile): it reads the file's lines and merges the
// sources.
//
// Each line of the file is given to its parser alone, under its section's heading, because the library stops
// at the first error and knows no line numbers. It also cuts a value at any '#'; ours begins a comment only
// at the start of a line or after a blank (contracts.md), so the other ones travel as a byte that cannot
// stand in the file.
#include <boost/program_options/option.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "base/file.h"
#include "base/text.h"
#include "config/settings.h"

namespace tubepost::config {
namespace po = boost::program_options;
namespace {

constexpr std::size_t file_limit = 1 << 20;
constexpr char hash_in_transit = '\x01';

struct Entry {
  const Setting* row;
  std::vector<std::string> texts;
  std::string where;
};

using Texts = std::vector<std::string>;

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (line[i] == '#' && (i == 0 || is_blank(line[i - 1]))) return line.substr(0, i);
  return line;
}

bool is_section(std::string_view name) {
  const auto rows = all_settings();
  return std::any_of(rows.begin(), rows.end(), [&](const Setting& row) { return section_of(row) == name; });
}

const po::options_description& options_of_table() {
  static const po::options_description description = [] {
    po::options_description all;
    for (const Setting& row : all_settings()) {
      const std::string name(row.name);
      if (row.repeatable) all.add_options()(name.c_str(), po::value<Texts>());
      if (!row.repeatable) all.add_options()(name.c_str(), po::value<std::string>());
    }
    return all;
  }();
  return description;
}

}  // namespace

// One load: collects entries and problems, then merges.
class Loader {
public:
  explicit Loader(const Inputs& inputs) : inputs_(inputs) {}

  void read_file() {
    const bool named = !inputs_.config_file.empty();
    const std::string path = named ? inputs_.config_file : inputs_.home + "/tubepost.conf";
    if (!named && !file_exists(path)) return;
    auto text = tubepost::read_file(path, file_limit);
    if (!text) return problem(path, text.error().text);
    read_text(*text, path);
  }

  void read_text(std::string_view text, const std::string& path) {
    const std::string label = path.substr(path.rfind('/') + 1);
    std::string section;
    std::size_t number = 0;
    for (const auto raw : split(text, '\n')) {
      const std::string where = label + ':' + std::to_string(++number);
      const auto line = trim(without_comment(raw.ends_with('\r') ? raw.substr(0, raw.size() - 1) : raw));
      if (line.empty()) continue;
      if (line.find_first_of(std::string_view("\0\1\r", 3)) != std::string_view::npos) {
        problem(where, "has a control character in it");
      } else if (line.starts_with('[')) {
        section = read_heading(line, where);
      } else {
        read_line(section, line, where);
      }
    }
    merge(Source::file);
  }

  void read_environment() {
    std::map<std::string, const Setting*, std::less<>> names;
    for (const Setting& row : all_settings()) names.emplace(environment_name(row.name), &row);
    for (auto variable = inputs_.environment; variable != nullptr && *variable != nullptr; ++variable) {
      const std::string_view text(*variable);
      const auto equals = text.find('=');
      const auto found = names.find(text.substr(0, equals));
      if (equals == std::string_view::npos || found == names.end()) continue;
      read_variable(*found->second, text.substr(equals + 1), "environment " + found->first);
    }
    merge(Source::environment);
  }

  void read_arguments() {
    for (const auto& [name, text] : inputs_.arguments) {
      const Setting* row = find_setting(name);
      const std::string where = "--" + dashed(name);
      if (row == nullptr) {
        problem(where, "unknown setting");
      } else {
        add(*row, {text}, where);
      }
    }
    merge(Source::argument);
  }

  Loaded finish() {
    auto settings = std::make_shared<Settings>();
    settings->home_ = inputs_.home;
    for (const Setting& row : all_settings()) {
      const std::string name(row.name);
      auto& value = settings->values_[name];
      value.row = &row;
      if (const auto merged = merged_.find(name); merged != merged_.end()) {
        value.texts = row.repeatable ? merged->second.as<Texts>() : Texts{merged->second.as<std::string>()};
        std::tie(value.source, value.where) = origin_[name];
      } else {
        value.texts = {std::string(row.fallback)};
        value.where = "default";
      }
    }
    if (!problems_.empty()) settings = nullptr;
    return {std::move(settings), std::move(problems_)};
  }

private:
  static std::string dashed(std::string name) {
    std::replace(name.begin(), name.end(), '.', '-');
    return name;
  }

  void problem(const std::string& where, std::string text) { problems_.push_back({where, std::move(text)}); }

  std::string read_heading(std::string_view line, const std::string& where) {
    const auto name = trim(line.substr(1, line.size() - (line.ends_with(']') && line.size() > 1 ? 2 : 1)));
    if (!line.ends_with(']') || name.empty()) {
      problem(where, "not '[section]': " + printable(line, 80));
    } else if (!is_section(name)) {
      problem(where, "unknown section '" + printable(name, 80) + "'");
    } else {
      return std::string(name);
    }
    return "?";  // its lines are not reported once more
  }

  void read_line(const std::string& section, std::string_view line, const std::string& where) {
    std::string guarded(line);
    std::replace(guarded.begin(), guarded.end(), '#', hash_in_transit);
    const std::string heading = section.empty() ? "" : '[' + section + "]\n";
    std::istringstream one_line(heading + guarded);
    try {
      const auto parsed = po::parse_config_file(one_line, po::options_description(), true);
      for (const auto& option : parsed.options) {
        std::string text = option.value.empty() ? "" : option.value.front();
        std::replace(text.begin(), text.end(), hash_in_transit, '#');
        read_setting(section, option.string_key, text, where);
      }
    } catch (const po::error&) {
      problem(where, "not 'key = value': " + printable(line, 80));
    }
  }

  void read_setting(const std::string& section, const std::string& name, const std::string& text,
                    const std::string& where) {
    if (section == "?") return;
    const Setting* row = find_setting(name);
    if (row == nullptr) return problem(where, "unknown setting '" + printable(name, 80) + "'");
    const auto before =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.row == row; });
    if (before != entries_.end() && !row->repeatable)
      return problem(where, name + " is set twice, first at " + before->where);
    add(*row, {text}, where);
  }

  void read_variable(const Setting& row, std::string_view text, const std::string& where) {
    Texts texts;
    if (!row.repeatable) {
      texts = {std::string(text)};
    } else {
      if (text.ends_with('\n')) text.remove_suffix(1);  // as envdir and shells leave it
      for (const auto line : split(text, '\n')) texts.emplace_back(line);
    }
    add(row, std::move(texts), where);
  }

  void add(const Setting& row, Texts texts, const std::string& where) {
    bool right = true;
    for (std::string& text : texts) {
      text = std::string(trim(text));
      if (const auto wrong = wrong_with(row, text)) {
        problem(where, std::string(row.name) + " = " + printable(text, 80) + ": " + *wrong);
        right = false;
      }
    }
    if (right) entries_.push_back({&row, std::move(texts), where});
  }

  // Program_options keeps what was stored first, a list as a whole: so the highest source is stored first.
  void merge(Source source) {
    po::parsed_options parsed(&options_of_table());
    for (const Entry& entry : entries_) {
      const std::string name(entry.row->name);
      parsed.options.emplace_back(name, entry.texts);
      origin_.try_emplace(name, source, entry.where);
    }
    try {
      po::store(parsed, merged_);
    } catch (const po::error& error) {
      problem(std::string(to_string(source)), error.what());
    }
    entries_.clear();
  }

  const Inputs& inputs_;
  std::vector<Entry> entries_;  // of the source that is being read
  std::vector<Problem> problems_;
  po::variables_map merged_;
  std::map<std::string, std::pair<Source, std::string>> origin_;
};

Loaded load(const Inputs& inputs) {
  Loader loader(inputs);
  loader.read_arguments();
  loader.read_environment();
  loader.read_file();
  return loader.finish();
}

Loaded load_text(const Inputs& inputs, std::string_view file_text) {
  Loader loader(inputs);
  loader.read_arguments();
  loader.read_environment();
  loader.read_text(file_text, inputs.config_file.empty() ? "tubepost.conf" : inputs.config_file);
  return loader.finish();
}

std::shared_ptr<const Settings> defaults(const std::string& home) {
  const Inputs inputs{home, {}, {}, nullptr};
  return Loader(inputs).finish().settings;
}

}  // namespace tubepost::config
