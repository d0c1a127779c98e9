// Every setting of the house, declared once. A row of the table (settings_table.cc) drives the three readers (command line,
// environment, file), --help, the manual pages and `mailadm config check|show|defaults`.
//
// Precedence: argv > environment (TUBEPOST_SECTION_KEY) > HOME/tubepost.conf > built-in default. A repeatable setting is
// taken whole from the highest source. Errors name file, line and key; all of them are reported in one run.
// A Settings value is immutable and may be shared by threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/logger.h"

namespace tubepost::config {

enum class Kind { text, path, command, number, size, duration, boolean, choice, addresses, ranges };
enum class Takes { next_connection, restart };  // when a change applies (design.md 6)

struct Setting {
  std::string_view name;      // "smtpd.message-size-max"
  Kind kind;
  std::string_view fallback;  // the built-in default, as it would be written; "" = none
  std::string_view argument;  // "BYTES": what --help and the manual page call the value
  std::string_view help;      // one sentence, ends with a full stop
  bool repeatable = false;
  std::uint64_t least = 0, most = UINT64_MAX;  // numbers, sizes (bytes), durations (seconds)
  std::string_view choices = {};               // "mx/submission/lmtp"
  Takes takes = Takes::next_connection;
};

std::span<const Setting> all_settings();
const Setting* find_setting(std::string_view name);

enum class Source { fallback, file, environment, argument };

class Settings {
 public:
  // Asking for a name that is not in the table, or as a kind that it is not, is a bug and aborts.
  std::string text(std::string_view name) const;
  std::uint64_t number(std::string_view name) const;  // number, size
  std::chrono::seconds duration(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;  // repeatable: one element each; never an empty element
  Source source(std::string_view name) const;

  const std::string& home() const { return home_; }
  std::string path(std::string_view below_home) const { return home_ + '/' + std::string(below_home); }

 private:
  friend class Loader;
  struct Value {
    std::vector<std::string> texts;
    Source source = Source::fallback;
  };
  std::map<std::string, Value, std::less<>> values_;
  std::string home_;
};

struct Problem {
  std::string where;  // "tubepost.conf:12", "environment TUBEPOST_SMTPD_LISTEN", "--listen"
  std::string text;
};

struct Inputs {
  std::string home, config_file;                        // empty config_file: home/tubepost.conf, which may be missing
  std::multimap<std::string, std::string> arguments;    // name -> value, from the command line
  const char* const* environment = nullptr;             // envp
};
struct Loaded {
  std::shared_ptr<const Settings> settings;  // null if there are problems
  std::vector<Problem> problems;
};
Loaded load(const Inputs& inputs);

// Settings that follow their file: current() looks at the file at most once a second, and keeps (and logs) the old ones
// when the new are wrong. Threading: any thread.
class LiveSettings {
 public:
  LiveSettings(Inputs inputs, std::shared_ptr<const Settings> first, const log::Logger& logger);
  ~LiveSettings();
  std::shared_ptr<const Settings> current();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::config
