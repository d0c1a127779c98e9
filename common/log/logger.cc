#include "log/logger.h"

#include <unistd.h>

#include "base/text.h"

namespace tubepost::log {
namespace {

constexpr std::size_t value_limit = 1000;  // one event is one line a person can read

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return "error";
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" =\"\\") != std::string_view::npos;
}

void append_logfmt(std::string& line, std::string_view key, std::string_view value) {
  if (!line.empty()) line += ' ';
  line.append(key).append("=");
  const std::string clean = printable(value, value_limit);
  if (needs_quotes(clean))
    append_quoted(line, clean);
  else
    line += clean;
}

void append_json(std::string& line, std::string_view key, std::string_view value, bool is_number) {
  line += line.empty() ? "{" : ",";
  append_quoted(line, key);
  line += ':';
  if (is_number)
    line += value;
  else
    append_quoted(line, printable(value, value_limit));
}

}  // namespace

Logger::Logger(std::string service, Level least, Format format, int fd)
    : service_(std::move(service)), least_(least), format_(format), fd_(fd) {}

void Logger::event(Level level, std::string_view name, std::initializer_list<Field> fields) const {
  if (!shows(level)) return;
  std::string line;
  line.reserve(256);
  const auto append = [&](std::string_view key, std::string_view value, bool is_number) {
    format_ == Format::json ? append_json(line, key, value, is_number) : append_logfmt(line, key, value);
  };
  append("level", name_of(level), false);
  append("service", service_, false);
  append("event", name, false);
  for (const Field& field : fields)
    append(field.key, field.is_number ? std::string_view(field.number) : field.value, field.is_number);
  line += format_ == Format::json ? "}\n" : "\n";
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace tubepost::log
