// Every setting of the house, declared once. A row of the table (settings_table.cc) drives the three readers
// (command line, environment, file), --help, the manual pages and `mailadm config check|show|defaults`.
//
// Precedence: argv > environment (TUBEPOST_SECTION_KEY) > HOME/tubepost.conf > built-in default. A repeatable
// setting is taken whole from the highest source. Errors name file, line and key; all of them are reported in
// one run. A Settings value is immutable and may be shared by threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
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

enum class Kind {
  text,
  path,        // relative: below HOME
  command,     // split by split_command()
  number,      // decimal
  size,        // K, M, G
  duration,    // s, m, h, d
  percentage,  // "5%"
  boolean,     // yes, no
  choice,      // one of `choices`; "fixed:FILE" there stands for any text after "fixed:", a path as above
  words,       // blanks between; each one of `choices`, if there are any
  durations,   // blanks between
  addresses,   // to listen on or to ask: "ADDR[:PORT]", "HOST[:PORT]", "unix:PATH"; commas between
  ranges       // address, CIDR, first-last; commas between
};
enum class Takes { next_connection, restart };  // when a change applies (design.md 6)

struct Setting {
  std::string_view name;  // "smtpd.message-size-max"
  Kind kind;
  std::string_view fallback;  // the built-in default, as it would be written; "" = none
  std::string_view argument;  // "BYTES": what --help and the manual page call the value
  std::string_view help;      // one sentence, ends with a full stop
  bool repeatable = false;
  std::uint64_t least = 0, most = UINT64_MAX;  // numbers, sizes (bytes), durations (seconds)
  std::string_view choices = {};               // "mx/submission/lmtp"
  Takes takes = Takes::next_connection;
  bool not_yet = false;  // no program reads it yet
};

std::span<const Setting> all_settings();
const Setting* find_setting(std::string_view name);
std::string_view section_of(const Setting& setting);     // "smtpd"
std::string_view key_of(const Setting& setting);         // "message-size-max"
std::string environment_name(std::string_view setting);  // "TUBEPOST_SMTPD_MESSAGE_SIZE_MAX"
// What is wrong with `text` as a value of `setting`, "needs …"; nullopt: nothing. Every source is held
// against this.
std::optional<std::string> wrong_with(const Setting& setting, std::string_view text);

enum class Source { fallback, file, environment, argument };
std::string_view to_string(Source source);  // "default", "file", "environment", "command line"

class Settings {
public:
  // Asking for a name that is not in the table, or as a kind that it is not, is a bug and aborts.
  std::string text(
      std::string_view name) const;  // any kind, the first if there are several; paths are absolute
  std::uint64_t number(std::string_view name) const;  // number, size
  double part(std::string_view name) const;           // percentage: 0.05
  std::chrono::seconds duration(std::string_view name) const;
  std::vector<std::chrono::seconds> durations(std::string_view name) const;
  bool flag(std::string_view name) const;  // boolean, and the choice on/off
  // Repeatable: one element each; addresses, ranges, words: each single one; paths absolute. Never an empty
  // element.
  std::vector<std::string> list(std::string_view name) const;

  Source source(std::string_view name) const;
  std::string where(std::string_view name) const;  // "tubepost.conf:12", "--listen", "default"
  const std::vector<std::string>& as_written(std::string_view name) const;
  std::vector<std::string_view> differences(
      const Settings& other) const;  // the names of settings with other values

  const std::string& home() const { return home_; }
  std::string path(std::string_view below_home) const { return home_ + '/' + std::string(below_home); }

private:
  friend class Loader;
  struct Value {
    const Setting* row = nullptr;
    std::vector<std::string> texts;
    Source source = Source::fallback;
    std::string where;
  };
  const Value& value(std::string_view name) const;
  const std::string& only(std::string_view name, std::initializer_list<Kind> kinds) const;
  std::string absolute(std::string_view path) const;
  std::map<std::string, Value, std::less<>> values_;
  std::string home_;
};

struct Problem {
  std::string where;  // "tubepost.conf:12", "environment TUBEPOST_SMTPD_LISTEN", "--listen"
  std::string text;
};

struct Inputs {
  std::string home, config_file;  // empty config_file: home/tubepost.conf, which may be missing
  std::multimap<std::string, std::string> arguments;  // name -> value, from the command line
  const char* const* environment = nullptr;           // envp
};
struct Loaded {
  std::shared_ptr<const Settings> settings;  // null if there are problems
  std::vector<Problem> problems;
};
Loaded load(const Inputs& inputs);
Loaded load_text(const Inputs& inputs, std::string_view file_text);  // as if the file read so
// The built-in defaults alone: what mailadm init begins with.
std::shared_ptr<const Settings> defaults(const std::string& home);
std::string defaults_as_text();  // the whole table as a tubepost.conf in which everything is commented out
// What is allowed and yet worth a word: validation off, an MX listener not on port 25, an open relay, …
std::vector<Problem> warnings(const Settings& settings);

// Settings that follow their file: current() looks at the file at most once a second, and keeps (and logs)
// the old ones when the new are wrong. What takes a restart is said in the log. Threading: any thread.
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
