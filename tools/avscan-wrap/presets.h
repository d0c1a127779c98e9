// The scanners that are known by name (V5): how each is called, what its exit statuses mean, what it prints.
// Each is a line of data; a scanner that is not here is described by the same things on the command line.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace tubepost::avscan {

enum class Scope { message, parts, both };
enum class Judge { codes, change, socket };  // exit statuses; the file deleted or changed; clamd's INSTREAM

struct Preset {
  std::string_view name;
  Judge judge;
  Scope scope;
  std::string_view program;           // looked up in PATH; --scanner names another
  std::string_view arguments;         // %f is the file
  std::string_view quiet;             // those of the arguments that --debug leaves out
  std::string_view infected, errors;  // exit statuses, comma lists
  // Where its output names the virus: behind the last `before` of the line, up to `after`, which ends it if
  // not empty.
  std::string_view name_before, name_after;
};

std::span<const Preset> all_presets();
const Preset* find_preset(std::string_view name);
// The name in what the scanner printed, printable, at most virus_name_max bytes; empty: it tells none.
std::string virus_name_in(std::string_view output, std::string_view before, std::string_view after);

}  // namespace tubepost::avscan
