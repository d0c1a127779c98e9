// One JSON object on one line (RFC 8259), written in the order its members are given: programs that read
// line by line get the same order each time, which Poco::JSON does not promise.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tubepost {

std::string json_string(std::string_view utf8);  // with its quotes

// Names are the program's own: they have nothing in them that JSON escapes.
class JsonObject {
public:
  void text(std::string_view name, std::string_view utf8);
  void number(std::string_view name, std::uint64_t value) { raw(name, std::to_string(value)); }
  void null(std::string_view name) { raw(name, "null"); }
  void raw(std::string_view name, std::string_view json);
  std::string done() { return members_.empty() ? "{}" : std::move(members_ += '}'); }  // last

private:
  void begin(std::string_view name);
  std::string members_;
};

}  // namespace tubepost
