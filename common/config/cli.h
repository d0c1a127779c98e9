// CLI11 as this house uses it: how help looks, and what an option takes. Only for program.cc, since CLI11
// takes 7 seconds to compile.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <string>
#include <vector>

#include "base/text.h"

namespace tubepost::config {

inline constexpr std::size_t help_column = 34, help_width = 100;
inline constexpr const char* operands_name = "operands";

inline bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// CLI11's help with operands called by what they are, and all commands in one list.
class HelpFormatter final : public CLI::Formatter {
public:
  HelpFormatter() {
    column_width(help_column);
    label("Positionals", "Operands");
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = "Usage: " + (name.empty() ? app->get_name() : name) + " [OPTION]...";
    for (const CLI::Option* operand :
         app->get_options([](const CLI::Option* o) { return o->get_positional(); }))
      usage += ' ' + operand->get_option_text();
    if (!app->get_subcommands([](const CLI::App*) { return true; }).empty())
      usage += app->get_require_subcommand_min() == 0 ? " | COMMAND [ARG]..." : " COMMAND [ARG]...";
    return usage + '\n';
  }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    return is_positional ? option->get_option_text() : Formatter::make_option_name(option, false);
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text;
    std::size_t column = help_column;
    for (const auto word : split_words(option->get_description())) {
      const bool fits = column + word.size() < help_width;
      if (!text.empty()) text += fits ? ' ' : '\n';
      text += word;
      column = (fits ? column : help_column) + word.size() + 1;
    }
    return text;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_positional() || !takes_value(*option)) return {};
    return ' ' + option->get_type_name();
  }
};

inline CLI::Option* add_operands(CLI::App& app, std::vector<std::string>& values, const std::string& argument,
                                 const std::string& help, std::size_t least, std::size_t most) {
  auto* option = app.add_option(operands_name, values, help);
  option->expected(0, CLI::detail::expected_max_vector_size);
  const std::string name =
      most > 1 && argument.find("...") == std::string::npos ? argument + "..." : argument;
  option->option_text(least == 0 ? '[' + name + ']' : name);
  return option;
}

inline CLI::Option* add_repeatable(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                                   const std::string& argument, const std::string& help,
                                   const std::string& group = "Options") {
  // One value an occurrence; CLI11 would take all words up to the next option.
  auto* option = app.add_option(names, values, help);
  option->type_size(1)->expected(1)->take_all()->allow_extra_args(false)->type_name(argument)->group(group);
  return option;
}

}  // namespace tubepost::config
