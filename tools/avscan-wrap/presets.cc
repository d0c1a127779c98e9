#include "avscan-wrap/presets.h"

#include <string>

#include "avscan-wrap/limits.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

// F-Prot: 3 infected, 6 removed; 1 stopped, 2 self-test failed, 5 interrupted, 7 no memory. eTrust: 101.
// clamscan(1), clamdscan(1): 1 found, 2 an error; 40 and more: errors of clamscan.
constexpr Preset presets[] = {
    // name, judge, scope, program, arguments, quiet, infected, errors, name before, after
    {"clamscan", Judge::codes, Scope::message, "clamscan", "--stdout --infected --no-summary %f",
     "--infected --no-summary", "1", "2", ": ", " FOUND"},
    {"clamdscan", Judge::codes, Scope::message, "clamdscan", "--fdpass --stdout --infected --no-summary %f",
     "--infected --no-summary", "1", "2", ": ", " FOUND"},
    {"clamd", Judge::socket, Scope::message, "", "", "", "", "", ": ", " FOUND"},
    {"f-prot", Judge::codes, Scope::message, "f-prot", "/AUTO /DISINF /DELETE /NOBOOT /NOMEM /SILENT %f",
     "/SILENT", "3,6", "1,2,5,7", "Infection: ", ""},
    {"etrust", Judge::codes, Scope::parts, "inocucmd", "-ENG Ino -ARC -ACT Delete %f", "", "101", "",
     "virus: ", ""},
    {"norton", Judge::change, Scope::parts, "navdx", "%f /M- /B- /NORESULTS", "/NORESULTS", "", "",
     "infected with the ", ""},
    {"nod32", Judge::change, Scope::message, "nod32", "/heur+ /delete+ /prompt- /quit+ %f", "", "", "", " - ",
     ""},
};

std::optional<std::string_view> name_in_line(std::string_view line, std::string_view before,
                                             std::string_view after) {
  line = trim(line);
  if (!line.ends_with(after)) return std::nullopt;
  line.remove_suffix(after.size());
  const auto at = line.rfind(before);
  if (at == std::string_view::npos) return std::nullopt;
  const auto name = trim(line.substr(at + before.size()));
  return name.empty() ? std::nullopt : std::optional(name);
}

}  // namespace

std::span<const Preset> all_presets() { return presets; }

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : presets)
    if (preset.name == name) return &preset;
  return nullptr;
}

std::string virus_name_in(std::string_view output, std::string_view before, std::string_view after) {
  if (before.empty()) return {};
  for (const auto line : split(output, '\n'))
    if (const auto name = name_in_line(line, before, after)) return printable(*name, virus_name_max);
  return {};
}

}  // namespace tubepost::avscan
