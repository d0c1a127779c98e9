#include "config/help_text.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::config {
namespace {

// In mdoc a backslash begins an escape.
std::string escape_mdoc(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '\\' ? std::string("\\e") : std::string(1, c);
  return escaped;
}

std::string limits_of(const Setting& setting) {
  if (setting.kind != Kind::number) return {};
  if (setting.most != UINT64_MAX)
    return " Range: " + std::to_string(setting.least) + " to " + std::to_string(setting.most) + '.';
  return setting.least > 1 ? " At least " + std::to_string(setting.least) + '.' : "";
}

}  // namespace

std::string option_of(const Setting& setting) {
  std::string option = "--" + std::string(setting.name);
  std::replace(option.begin(), option.end(), '.', '-');
  return option;
}

std::string short_option_of(const Setting& setting) { return "--" + std::string(key_of(setting)); }

std::string help_of(const Setting& setting) {
  std::string text(setting.help);
  if (setting.not_yet) text += " (No effect yet.)";
  if (setting.repeatable) text += " Repeatable.";
  text += limits_of(setting);
  if (!setting.fallback.empty()) text += " Default: " + std::string(setting.fallback) + '.';
  return text;
}

std::string mdoc_of(const Setting& setting) {
  std::string text =
      ".It Cm " + std::string(setting.name) + " Ns = Ns Ar " + escape_mdoc(setting.argument) + '\n';
  text += escape_mdoc(setting.help) + '\n';
  if (setting.not_yet) text += "It has no effect in this version.\n";
  if (setting.repeatable) text += "May be given several times.\n";
  if (const auto limits = limits_of(setting); !limits.empty()) text += limits.substr(1) + '\n';
  if (!setting.fallback.empty()) text += "The default is\n.Ql " + escape_mdoc(setting.fallback) + " .\n";
  if (setting.takes == Takes::restart) text += "A change takes a restart.\n";
  return text;
}

std::string settings_as_mdoc() {
  std::string text;
  std::string_view section;
  for (const Setting& row : all_settings()) {
    if (section_of(row) != section) {
      if (!section.empty()) text += ".El\n";
      text += ".Ss [" + std::string(section = section_of(row)) + "]\n.Bl -tag -width Ds\n";
    }
    text += mdoc_of(row);
  }
  return text + ".El\n";
}

std::string defaults_as_text() {
  std::string text =
      "# Every setting with its built-in default. A '#' begins a comment at the start of a line or after a "
      "blank.\n";
  std::string_view section;
  for (const Setting& row : all_settings()) {
    if (section_of(row) != section) text += "\n[" + std::string(section = section_of(row)) + "]\n";
    std::string help(row.help);
    if (row.not_yet) help += " (No effect yet.)";
    if (row.repeatable) help += " Repeatable.";
    text += "# " + help + limits_of(row) + '\n';
    text += '#' + std::string(key_of(row)) + " = " + std::string(row.fallback) + '\n';
  }
  return text;
}

}  // namespace tubepost::config
