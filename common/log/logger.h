// One line per event on a file descriptor (stderr): logfmt or JSON, no timestamps (s6-log adds them).
// `event` names are listed in docs/events.md; a test holds the list against the sources.
//
//   logger.info("accepted", {{"id", id}, {"size", size}});   ->   level=info service=smtpd event=accepted id=… size=…
//
// Thread-safe: a line is one write(2). Never blocks on anything else, never fails: what cannot be written is dropped.
// Never log a password, an AUTH response or a message's content.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tubepost::log {

enum class Level { debug, info, warning, error };
enum class Format { logfmt, json };

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "yes" : "no") {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), number(std::to_string(v)), is_number(true) {}

  std::string_view key;
  std::string_view value;
  std::string number;
  bool is_number = false;
};

class Logger {
 public:
  Logger(std::string service, Level least, Format format, int fd = 2);

  void event(Level level, std::string_view name, std::initializer_list<Field> fields = {}) const;
  void debug(std::string_view name, std::initializer_list<Field> fields = {}) const {
    event(Level::debug, name, fields);
  }
  void info(std::string_view name, std::initializer_list<Field> fields = {}) const {
    event(Level::info, name, fields);
  }
  void warning(std::string_view name, std::initializer_list<Field> fields = {}) const {
    event(Level::warning, name, fields);
  }
  void error(std::string_view name, std::initializer_list<Field> fields = {}) const {
    event(Level::error, name, fields);
  }
  bool shows(Level level) const { return level >= least_; }

 private:
  std::string service_;
  Level least_;
  Format format_;
  int fd_;
};

}  // namespace tubepost::log
